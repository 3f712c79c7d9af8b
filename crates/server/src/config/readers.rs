//! Reads single values out of text, saying what was expected.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use ipnet::IpNet;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use url::Url;

use super::Secret;

/// The text, unless it is empty.
pub(super) fn filled(text: &str) -> Option<String> {
    Some(text.to_owned()).filter(|text| !text.trim().is_empty())
}

pub(super) fn listen(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| format!("`{text}` is not an address and port such as 127.0.0.1:8080 or [::]:8080."))
}

pub(super) fn folder(text: &str) -> Result<PathBuf, String> {
    filled(text).map(PathBuf::from).ok_or_else(|| "a folder must be named.".to_owned())
}

/// An `http` or `https` address without path, query or account; none when empty.
pub(super) fn public_url(text: &str) -> Result<Option<Url>, String> {
    let Some(text) = filled(text) else { return Ok(None) };
    let url = Url::parse(text.trim()).map_err(|error| format!("`{text}` is not an address ({error})."))?;
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return Err(format!("`{text}` must begin with http:// or https:// and name a host."));
    }
    if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
        return Err(format!("`{text}` must end after host and port; a path is not supported."));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("a user name or password has no place in it.".to_owned());
    }
    Ok(Some(url))
}

/// A network in CIDR notation; a single address is a network of one.
pub(super) fn network(text: &str) -> Result<IpNet, String> {
    let network = text.parse().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
    network.map_err(|_| format!("`{text}` is not a network in CIDR notation such as 10.0.0.0/8 or fd00::/8."))
}

pub(super) fn networks<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<IpNet>, D::Error> {
    let items = Vec::<String>::deserialize(deserializer)?;
    items.iter().map(|item| network(item).map_err(D::Error::custom)).collect()
}

pub(super) fn optional_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(filled(&String::deserialize(deserializer)?))
}

pub(super) fn optional_secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Secret>, D::Error> {
    Ok(filled(&String::deserialize(deserializer)?).map(Secret::from))
}
