//! Documents that a person writes: YAML or JSON, read into strict JSON.

use std::path::Path;

use anyhow::{Context, Result, anyhow};
use serde_json::Value;

use crate::shell;

/// Reads a document. JSON is YAML, so one reader does for both; numbers must be whole.
///
/// # Errors
///
/// It is neither, or holds what strict JSON does not have.
pub fn read(path: &Path) -> Result<Value> {
    let text = shell::read_text(path)?;
    let value: Value = if text.trim_start().starts_with('{') {
        serde_json::from_str(&text).with_context(|| format!("`{}` is not JSON", path.display()))?
    } else {
        serde_yaml_ng::from_str(&text).with_context(|| format!("`{}` is not YAML", path.display()))?
    };
    strict(&value).map_err(|problem| anyhow!("`{}`: {problem}", path.display()))?;
    Ok(value)
}

/// A document as strict JSON.
///
/// # Errors
///
/// It holds a fraction or `null`.
pub fn strict(value: &Value) -> Result<counterpart_core::json::Value, String> {
    counterpart_core::json::to_value(value).map_err(|error| error.to_string())
}
