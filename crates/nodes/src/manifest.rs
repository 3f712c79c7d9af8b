//! The second contract: a manifest describes a node type so fully that palette, form, validation, API and documentation
//! need nothing else.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A text in every language that the product speaks.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Text {
    /// English.
    pub en: String,
    /// German.
    pub de: String,
}

impl Text {
    /// A text from its two languages.
    pub fn new(en: &str, de: &str) -> Self {
        Self { en: en.to_owned(), de: de.to_owned() }
    }
}

/// A node type: what the catalogue (`GET /api/v1/node-types`) shows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NodeType {
    /// Its name in definitions: `filter`, or `connector.operation`.
    pub name: String,
    /// What it is for.
    pub kind: NodeKind,
    /// Its title.
    pub title: Text,
    /// One or two sentences on what it does.
    pub description: Text,
    /// The icon: an SVG document, or empty.
    #[serde(default)]
    pub icon: String,
    /// Its parameters, in the order of the form.
    pub parameters: Vec<Parameter>,
    /// The ports that it can go on along, `error` left out: every action has that one.
    pub ports: Vec<PortSpec>,
    /// The name of the parameter that holds a list of further ports (`switch`), each item with a `port`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ports_from: Option<String>,
    /// Whether it is a box: other nodes may lie in it, which name it as their `parent`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub contains: bool,
    /// The kinds of credential that it can use; empty when none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub credential_kinds: Vec<String>,
    /// Whether it cannot work without a credential.
    #[serde(default)]
    pub credential_required: bool,
    /// Whether a step that was cut off may simply be done again.
    pub safe_to_repeat: bool,
    /// The hosts that it may reach; `*` for any. Empty when it reaches none, or only those of its credential.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hosts: Vec<String>,
    /// An example of its output, so that later nodes can be filled in before the first run.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub sample_output: Value,
}

/// What a node type is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NodeKind {
    /// Starts runs.
    Trigger,
    /// Decides which way a run goes.
    Flow,
    /// Computes.
    Data,
    /// Acts outside, through a connector.
    Action,
}

/// A port that a node can go on along.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PortSpec {
    /// Its name in edges.
    pub name: String,
    /// Its label.
    pub title: Text,
    /// It is there only while a parameter has one of these values.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visible_when: Option<VisibleWhen>,
}

/// A setting of a node, and one row of its form.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parameter {
    /// Its name in `params`.
    pub name: String,
    /// What it holds.
    pub kind: ParameterKind,
    /// Its label.
    pub title: Text,
    /// A sentence of help.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub help: Option<Text>,
    /// Whether it must be given.
    #[serde(default)]
    pub required: bool,
    /// What holds when it is not given.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub default: Value,
    /// The allowed values of a [`ParameterKind::Choice`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub choices: Vec<Choice>,
    /// The smallest allowed number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minimum: Option<f64>,
    /// The largest allowed number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maximum: Option<f64>,
    /// The cells of one row of [`ParameterKind::Rows`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<Parameter>,
    /// Show it only while another parameter has one of these values; of a cell, another cell of its row.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visible_when: Option<VisibleWhen>,
    /// Grey text in the empty field.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub placeholder: String,
}

/// A parameter is shown only while another one has one of these values.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VisibleWhen {
    /// The other parameter's name.
    pub parameter: String,
    /// The values for which this one is shown.
    pub is: Vec<Value>,
}

/// One allowed value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Choice {
    /// The value in `params`.
    pub value: String,
    /// Its label.
    pub title: Text,
}

/// What a parameter holds. Unless said otherwise its strings may hold expressions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ParameterKind {
    /// One line of text.
    Text,
    /// Several lines of text.
    LongText,
    /// A number.
    Number,
    /// Yes or no.
    Boolean,
    /// One of `choices`; no expression.
    Choice,
    /// Several of `choices`, as an array; no expression.
    Choices,
    /// An object of names and values, edited as rows.
    KeyValues,
    /// An array of strings, edited as rows; a single string counts as an array of one.
    TextList,
    /// A condition list, see [`crate::condition`].
    Conditions,
    /// The cases of a switch: an array of `{port, when}`.
    Cases,
    /// Any JSON value.
    Json,
    /// Rhai source; never treated as a template.
    Code,
    /// A list: an array, or one expression that gives one.
    List,
    /// A length of time: `{amount, unit}`; only `amount` may hold an expression. See [`crate::duration`].
    Duration,
    /// When something happens again and again, as a cron pattern; no expression. See [`crate::schedule`].
    Cron,
    /// An IANA time zone; no expression.
    Timezone,
    /// The id of a workflow; no expression.
    Workflow,
    /// An array of ids of workflows; no expression.
    Workflows,
    /// The name or the id of a built-in table; no expression.
    Table,
    /// An array of objects, edited as rows whose cells are `columns`.
    Rows,
    /// Settings that are read by the server, not by the node (`verify`, `deduplicate`, …); no expression.
    Settings,
}

impl ParameterKind {
    /// Whether strings in it are templates.
    pub fn takes_expressions(self) -> bool {
        !matches!(
            self,
            Self::Choice
                | Self::Choices
                | Self::Code
                | Self::Cron
                | Self::Timezone
                | Self::Workflow
                | Self::Workflows
                | Self::Table
                | Self::Settings
        )
    }
}

/// A kind of stored secret: its form, and how it is put on a request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CredentialKind {
    /// Its name, for example `http_bearer`.
    pub name: String,
    /// Its title.
    pub title: Text,
    /// What it is and where to get it.
    pub description: Text,
    /// Its fields, in the order of the form.
    pub fields: Vec<CredentialField>,
    /// The hosts that it may be sent to when they are always the same. Otherwise the person names them, or `hosts_from` does.
    #[serde(default)]
    pub hosts: Vec<String>,
    /// The name of the field, an address, whose host is the only one that it may be sent to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hosts_from: Option<String>,
    /// How it is put on a request.
    pub apply: Apply,
    /// The request by which a person sees whether it works. Without one, the person names an address; a mail server's is
    /// tested by signing in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test: Option<CredentialTest>,
}

/// A request that does no harm and that the service answers well only when the credential is right.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CredentialTest {
    /// The method, in capitals.
    #[serde(default = "get")]
    pub method: String,
    /// The address; `{name}` stands for a field that is no secret.
    pub url: String,
    /// What is sent, as JSON.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub body: Value,
    /// The statuses that mean success; every one from 200 to 299 when left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub statuses: Vec<u16>,
    /// The member of the answer that tells a failure when it is there, for services that answer it with 200.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_at: Option<String>,
}

fn get() -> String {
    "GET".to_owned()
}

/// One field of a credential.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CredentialField {
    /// Its name.
    pub name: String,
    /// Its label.
    pub title: Text,
    /// Whether it is a secret: sealed, never shown again, never seen by a script.
    #[serde(default)]
    pub secret: bool,
    /// Whether it must be given.
    #[serde(default)]
    pub required: bool,
    /// What holds when it is not given.
    #[serde(default)]
    pub default: String,
    /// The allowed values; empty means any text.
    #[serde(default)]
    pub choices: Vec<Choice>,
}

/// How a credential is put on a request. `{name}` stands for a field of the credential.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Apply {
    /// As a header field.
    Header {
        /// Its name.
        name: String,
        /// Its value.
        value: String,
    },
    /// As HTTP Basic authentication (RFC 7617).
    Basic {
        /// The user name.
        username: String,
        /// The password.
        password: String,
    },
    /// As a query parameter.
    Query {
        /// Its name.
        name: String,
        /// Its value.
        value: String,
    },
    /// Signs the body by Standard Webhooks: adds `webhook-id`, `webhook-timestamp` and `webhook-signature`.
    StandardWebhooks {
        /// The secret, as base64 with or without `whsec_` before it.
        secret: String,
    },
    /// Signs in to a mail server; its fields are `host`, `port`, `security` (`starttls`, `tls`, `none`), `username`, `password`, `from`.
    Smtp,
}
