//! Builds the engine: nothing is in it that is not named here.

use rhai::packages::{
    ArithmeticPackage, BasicArrayPackage, BasicFnPackage, BasicIteratorPackage, BasicMapPackage, BasicMathPackage,
    LogicPackage, Package,
};
use rhai::{Dynamic, Engine, OptimizationLevel, Target};

use super::{Limits, functions, operators, running};

/// Words of the language that a script may not use: what runs text as code, what reaches outside, what hides values from
/// the limits, and what prints.
const FORBIDDEN_WORDS: &[&str] = &["eval", "import", "export", "sleep", "Fn", "curry", "print", "debug"];

/// An engine that can compute within `limits` and nothing else.
pub(super) fn engine(limits: &Limits) -> Engine {
    let mut engine = Engine::new_raw();
    add_packages(&mut engine);
    operators::add(&mut engine);
    functions::add(&mut engine);
    for word in FORBIDDEN_WORDS {
        engine.disable_symbol(*word);
    }
    set_limits(&mut engine, limits);
    watch(&mut engine, limits);
    engine.set_optimization_level(OptimizationLevel::None);
    engine.set_fail_on_invalid_map_property(false);
    engine
}

fn add_packages(engine: &mut Engine) {
    // Left out on purpose: the core package (`sleep`, `exit`, `parse_json` without limits), time, bytes, bit fields, and
    // Rhai's own text functions, which change a text in place and may multiply it without a limit.
    ArithmeticPackage::new().register_into_engine(engine);
    LogicPackage::new().register_into_engine(engine);
    BasicMathPackage::new().register_into_engine(engine);
    BasicIteratorPackage::new().register_into_engine(engine);
    BasicArrayPackage::new().register_into_engine(engine);
    BasicMapPackage::new().register_into_engine(engine);
    BasicFnPackage::new().register_into_engine(engine);
}

fn set_limits(engine: &mut Engine, limits: &Limits) {
    engine.set_max_call_levels(limits.call_depth);
    engine.set_max_expr_depths(limits.expression_depth, limits.expression_depth);
    engine.set_max_string_size(limits.string_bytes);
    engine.set_max_array_size(limits.array_items);
    engine.set_max_map_size(limits.map_entries);
    engine.set_max_variables(limits.variables);
    engine.set_max_functions(limits.functions);
    engine.set_max_strings_interned(64);
}

/// Operations are counted in `running`, because Rhai forgets those that were made inside a callback.
fn watch(engine: &mut Engine, limits: &Limits) {
    engine.on_progress(|_| running::progress());
    engine.on_print(|_| ());
    engine.on_debug(|_, _, _| ());
    #[expect(deprecated, reason = "the attribute only marks the function as one that may change")]
    engine.on_var(|name, _, context| running::variable(name, context.scope(), context.call_level()));
    if !limits.statements {
        // An expression cannot assign, so a missing item can be null like a missing property.
        engine.on_invalid_array_index(|_, _, _| Ok(Target::from(Dynamic::UNIT)));
    }
}
