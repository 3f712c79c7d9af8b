//! The `code` node: a script whose last value is the output.

use std::sync::LazyLock;

use model::{ErrorCode, NodeError};

use crate::manifest::{NodeKind, NodeType, Parameter, ParameterKind, PortSpec, Text};
use crate::node::{Input, Node, Outcome};
use crate::sandbox::{Limits, Sandbox};

/// Runs a script over the context.
#[derive(Debug)]
pub struct Code {
    node_type: NodeType,
}

impl Code {
    /// The node.
    pub fn new() -> Self {
        Self { node_type: node_type() }
    }
}

impl Default for Code {
    fn default() -> Self {
        Self::new()
    }
}

impl Node for Code {
    fn node_type(&self) -> &NodeType {
        &self.node_type
    }

    fn start(&self, input: &Input<'_>) -> Result<Outcome, NodeError> {
        let source = input.params.get("script").and_then(serde_json::Value::as_str).ok_or_else(|| {
            NodeError::permanent(ErrorCode::Parameter, "The code node needs a script.").at("script")
        })?;
        let failed = |error: crate::sandbox::ScriptError| NodeError::from(error).at("script");
        let script = SANDBOX.compile(source).map_err(failed)?;
        let scope = crate::expression::top_level(input.context);
        SANDBOX.run(&script, &scope, input.surroundings).map(Outcome::done).map_err(failed)
    }
}

/// Problems of a script that can be seen without running it: message, line and column from 1.
pub fn check(source: &str) -> Option<crate::sandbox::ScriptError> {
    SANDBOX.compile(source).err()
}

static SANDBOX: LazyLock<Sandbox> = LazyLock::new(|| Sandbox::new(Limits::for_code()));

fn node_type() -> NodeType {
    NodeType {
        name: "code".to_owned(),
        kind: NodeKind::Data,
        title: Text::new("Code", "Code"),
        description: Text::new(
            "Computes with a short Rhai script. The value of its last line is the output; it can reach nothing outside.",
            "Rechnet mit einem kurzen Rhai-Skript. Der Wert der letzten Zeile ist das Ergebnis; nach außen reicht es nicht.",
        ),
        icon: ICON.to_owned(),
        parameters: vec![Parameter {
            name: "script".to_owned(),
            kind: ParameterKind::Code,
            title: Text::new("Script", "Skript"),
            help: Some(Text::new(
                "`trigger`, `steps`, `vars`, `run` and `workflow` hold the data of the run. All helper functions of expressions work here.",
                "`trigger`, `steps`, `vars`, `run` und `workflow` enthalten die Daten des Laufs. Alle Hilfsfunktionen der Ausdrücke gelten auch hier.",
            )),
            required: true,
            default: serde_json::Value::Null,
            choices: Vec::new(),
            minimum: None,
            maximum: None,
            visible_when: None,
            placeholder: "let total = 0;\nfor item in trigger.body.items { total += item.price }\n#{ total: total }".to_owned(),
        }],
        ports: vec![PortSpec { name: model::definition::OUT.to_owned(), title: Text::new("Done", "Fertig") }],
        ports_from: None,
        credential_kinds: Vec::new(),
        credential_required: false,
        safe_to_repeat: true,
        hosts: Vec::new(),
        sample_output: serde_json::Value::Null,
    }
}

const ICON: &str = r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round"><path d="M8 7l-5 5 5 5"/><path d="M16 7l5 5-5 5"/></svg>"#;
