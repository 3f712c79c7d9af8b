//! The one place where Rhai runs: scripts compute, and can do nothing else.
//!
//! The engine is built from nothing (`Engine::new_raw`) and given arithmetic, text, lists, maps and the helper functions
//! of [`functions`]. There is no `eval`, no module, no clock, no `sleep`, no console; [`Limits`] bound the rest.

mod build;
mod convert;
pub mod functions;
mod limits;
mod operators;
mod running;
mod weigh;

use std::collections::BTreeSet;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use model::{ErrorCode, NodeError};
use rhai::{AST, CallFnOptions, Dynamic, Engine, EvalAltResult, ParseError, Position, Scope};
use serde_json::{Value, json};

pub use functions::{FunctionDoc, function_docs};
pub use limits::Limits;

use crate::node::Surroundings;

/// Runs scripts within [`Limits`]. Cheap to clone and to share between threads.
#[derive(Clone)]
pub struct Sandbox {
    engine: Arc<Engine>,
    limits: Limits,
}

/// A script that was read and can be run any number of times. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Script {
    ast: Arc<AST>,
    words: Arc<BTreeSet<Box<str>>>,
}

impl Script {
    /// Whether the word occurs in the source. When it does not, the script cannot use a variable of that name.
    pub fn mentions(&self, word: &str) -> bool {
        self.words.contains(word)
    }
}

/// Why a script could not be read or did not end well.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ScriptError {
    /// [`ErrorCode::ScriptLimit`] when it used more than it may, otherwise [`ErrorCode::Script`].
    pub code: ErrorCode,
    /// What went wrong, in English, without the place.
    pub message: String,
    /// The line, from 1; 0 when unknown.
    pub line: usize,
    /// The column in characters, from 1; 0 when unknown.
    pub column: usize,
}

impl Sandbox {
    /// A sandbox with these limits. Building one takes about a millisecond; keep it.
    pub fn new(limits: Limits) -> Self {
        Self { engine: Arc::new(build::engine(&limits)), limits }
    }

    /// Reads a script. Syntax errors carry their line and column.
    pub fn compile(&self, source: &str) -> Result<Script, ScriptError> {
        if source.len() > self.limits.source_bytes {
            let message = format!("The script is longer than {} bytes.", self.limits.source_bytes);
            return Err(ScriptError::limit(message, Position::NONE));
        }
        let parsed = on_own_stack(|| {
            if self.limits.statements { self.engine.compile(source) } else { self.engine.compile_expression(source) }
        })?;
        parsed
            .map(|ast| Script { ast: Arc::new(ast), words: Arc::new(words(source)) })
            .map_err(|error| from_parse_error(&error))
    }

    /// Runs a script with the values of `scope` as variables and returns the value of its last statement.
    ///
    /// A value of `scope` is copied, so changing it changes nothing outside.
    pub fn run(
        &self,
        script: &Script,
        scope: &[(&str, &Value)],
        surroundings: &Surroundings,
    ) -> Result<Value, ScriptError> {
        let has_functions = script.ast.iter_functions().next().is_some();
        // Without loops and functions nothing can be nested deeper than it is written.
        let needs_room = self.limits.statements || has_functions;
        self.within(surroundings, needs_room, || {
            let mut variables = Scope::new();
            for (name, value) in scope.iter().filter(|(name, _)| script.mentions(name)) {
                variables.push_constant_dynamic(*name, convert::to_dynamic(value)?);
            }
            running::given(&variables, has_functions);
            let result = self.engine.eval_ast_with_scope::<Dynamic>(&mut variables, &script.ast);
            result.map_err(|error| from_error(&error)).and_then(|value| convert::to_value(&value))
        })
    }

    /// Calls one function of a script. Statements outside functions are not run.
    pub fn call(
        &self,
        script: &Script,
        function: &str,
        arguments: Vec<Value>,
        surroundings: &Surroundings,
    ) -> Result<Value, ScriptError> {
        self.within(surroundings, true, || {
            let arguments = arguments.into_iter().map(|argument| convert::to_dynamic(&argument));
            let arguments = arguments.collect::<Result<Vec<_>, _>>()?;
            let mut variables = Scope::new();
            running::given_arguments(&arguments);
            let options = CallFnOptions::new().eval_ast(false);
            let result =
                self.engine.call_fn_with_options::<Dynamic>(options, &mut variables, &script.ast, function, arguments);
            result.map_err(|error| from_error(&error)).and_then(|value| convert::to_value(&value))
        })
    }

    /// Whether a script has a function of this name with so many parameters.
    pub fn has_function(script: &Script, name: &str, arity: usize) -> bool {
        script.ast.iter_functions().any(|function| function.name == name && function.params.len() == arity)
    }

    fn within(
        &self,
        surroundings: &Surroundings,
        needs_room: bool,
        work: impl FnOnce() -> Result<Value, ScriptError>,
    ) -> Result<Value, ScriptError> {
        let _running = running::begin(surroundings, &self.limits);
        if needs_room { on_own_stack(work)? } else { guarded(work)? }
    }
}

impl fmt::Debug for Sandbox {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Sandbox").field("limits", &self.limits).finish_non_exhaustive()
    }
}

impl From<ScriptError> for NodeError {
    fn from(error: ScriptError) -> Self {
        let place =
            if error.line == 0 { String::new() } else { format!(" (line {}, column {})", error.line, error.column) };
        Self::permanent(error.code, format!("{}{place}", error.message))
            .with_details(json!({ "line": error.line, "column": error.column }))
    }
}

impl ScriptError {
    fn script(message: impl Into<String>, position: Position) -> Self {
        Self::of(ErrorCode::Script, message.into(), position)
    }

    fn limit(message: impl Into<String>, position: Position) -> Self {
        Self::of(ErrorCode::ScriptLimit, message.into(), position)
    }

    fn of(code: ErrorCode, message: String, position: Position) -> Self {
        Self { code, message, line: position.line().unwrap_or(0), column: position.position().unwrap_or(0) }
    }
}

fn words(source: &str) -> BTreeSet<Box<str>> {
    let words = source.split(|letter: char| !(letter.is_alphanumeric() || letter == '_'));
    words.filter(|word| !word.is_empty()).map(Into::into).collect()
}

/// The stack that a script gets: enough to copy, compare or drop the most deeply nested value that the limits allow,
/// also in a debug build. It is address space; memory is used only as deep as the stack really goes.
pub const STACK_BYTES: usize = 64 * 1024 * 1024;

/// What must be left of the caller's stack for a script that cannot recurse.
const SMALL_STACK_BYTES: usize = 512 * 1024;

/// A thread whose own stack is long enough is used as it is: to make one for each call takes longer than most calls.
fn on_own_stack<T>(work: impl FnOnce() -> T) -> Result<T, ScriptError> {
    stacker::maybe_grow(STACK_BYTES, STACK_BYTES, || guarded(work))
}

/// A panic inside the interpreter ends the script, not the server.
fn guarded<T>(work: impl FnOnce() -> T) -> Result<T, ScriptError> {
    stacker::maybe_grow(SMALL_STACK_BYTES, STACK_BYTES, || catch_unwind(AssertUnwindSafe(work)))
        .map_err(|_| ScriptError::script("The script made the interpreter fail; simplify it.", Position::NONE))
}

fn from_parse_error(error: &ParseError) -> ScriptError {
    use rhai::{LexError, ParseErrorType};
    let message = error.err_type().to_string();
    let is_limit = matches!(
        error.err_type(),
        ParseErrorType::ExprTooDeep
            | ParseErrorType::TooManyFunctions
            | ParseErrorType::LiteralTooLarge(..)
            | ParseErrorType::BadInput(LexError::StringTooLong(..))
    );
    let make = if is_limit { ScriptError::limit } else { ScriptError::script };
    make(sentence(&message), error.position())
}

fn from_error(error: &EvalAltResult) -> ScriptError {
    // The place inside a called function is the one to mend; the chain of calls above it is left out.
    let inner = innermost(error);
    let position = inner.position();
    let position = if position.is_none() { error.position() } else { position };
    match inner {
        EvalAltResult::ErrorVariableNotFound(name, ..) => ScriptError::script(
            format!(
                "There is no variable `{name}` here. A function sees only its own variables and the data of the run."
            ),
            position,
        ),
        EvalAltResult::ErrorTerminated(reason, ..) => ScriptError::limit(reason.to_string(), position),
        EvalAltResult::ErrorStackOverflow(..) => {
            ScriptError::limit("Functions call each other too deeply. Does a recursion never end?", position)
        }
        EvalAltResult::ErrorTooManyVariables(..) => {
            ScriptError::limit("The script has too many variables at the same time.", position)
        }
        EvalAltResult::ErrorDataTooLarge(what, ..) => {
            ScriptError::limit(format!("A value grew too large ({}).", what.to_lowercase()), position)
        }
        EvalAltResult::ErrorRuntime(value, ..) => ScriptError::script(thrown(value), position),
        other => {
            let mut bare = other.to_string();
            if let Some(at) = bare.rfind(" (line ") {
                bare.truncate(at);
            }
            ScriptError::script(sentence(&bare), position)
        }
    }
}

fn innermost(error: &EvalAltResult) -> &EvalAltResult {
    match error {
        EvalAltResult::ErrorInFunctionCall(_, _, inner, _) => innermost(inner),
        other => other,
    }
}

/// What a script threw: a text as it stands, a map's `message`, anything else as JSON.
fn thrown(value: &Dynamic) -> String {
    let text = match convert::to_value(value) {
        Ok(Value::String(text)) => text,
        Ok(Value::Object(map)) if map.get("message").is_some_and(Value::is_string) => {
            map["message"].as_str().unwrap_or_default().to_owned()
        }
        Ok(other) => other.to_string(),
        Err(_) => "The script threw a value that cannot be shown.".to_owned(),
    };
    shorten(&text)
}

fn sentence(message: &str) -> String {
    let text = shorten(message.trim_end_matches('.'));
    format!("{text}.")
}

/// Keeps an error from repeating megabytes of data.
fn shorten(text: &str) -> String {
    const LONGEST: usize = 500;
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests;
