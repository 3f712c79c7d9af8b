//! The catalogue: everything that a palette, a form or a validation needs to know about node types.

use actix_web::web::{Data, Json, Query};
use nodes::Catalogue;
use nodes::condition::{Operator, operators};
use nodes::manifest::NodeType;
use nodes::sandbox::{FunctionDoc, function_docs};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::auth::Caller;
use crate::problem::Problem;

/// All node types, and what expressions and conditions can do.
#[derive(Debug, Serialize, ToSchema)]
pub struct NodeTypes {
    /// The node types, ordered by name.
    #[schema(value_type = Vec<Object>)]
    pub items: Vec<NodeType>,
    /// The operators of conditions.
    #[schema(value_type = Vec<Object>)]
    pub operators: &'static [Operator],
    /// The functions that expressions and scripts can call.
    #[schema(value_type = Vec<Object>)]
    pub functions: &'static [FunctionDoc],
}

/// Which node types to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct NodeTypeQuery {
    /// Only those whose name begins so, for example `hubspot.`.
    pub prefix: Option<String>,
}

/// Lists all node types with their parameters, ports and texts.
#[utoipa::path(get, path = "/api/v1/node-types", tag = "catalogue", params(NodeTypeQuery), responses((status = 200, body = NodeTypes)))]
pub async fn list(
    _caller: Caller,
    catalogue: Data<Catalogue>,
    query: Query<NodeTypeQuery>,
) -> Result<Json<NodeTypes>, Problem> {
    let prefix = query.prefix.as_deref().unwrap_or_default();
    let items = catalogue.node_types().filter(|node_type| node_type.name.starts_with(prefix)).cloned().collect();
    Ok(Json(NodeTypes { items, operators: operators(), functions: function_docs() }))
}
