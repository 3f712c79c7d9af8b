//! The key that seals credentials: from the settings, or from a file outside the database that only its owner may read.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use storage::seal::SealingKey;

use crate::config::Config;

/// The key file's name in the data directory.
pub const FILE_NAME: &str = "stellwerk.key";

/// Where the key comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeySource {
    /// `STELLWERK_KEY`, or `key` in the configuration file.
    Settings,
    /// This file.
    File(PathBuf),
    /// A file that does not exist yet; it is made at the first start.
    FileToBeMade(PathBuf),
}

/// Where the key comes from, without reading it.
pub fn source(config: &Config) -> KeySource {
    let file = config.data_dir.join(FILE_NAME);
    match &config.key {
        Some(_) => KeySource::Settings,
        None if file.exists() => KeySource::File(file),
        None => KeySource::FileToBeMade(file),
    }
}

/// The key; makes the key file when there is none. The error is a sentence that says what to do.
pub fn load_or_make(config: &Config) -> Result<SealingKey, String> {
    if let Some(secret) = &config.key {
        return SealingKey::from_text(secret.reveal()).ok_or_else(|| {
            "The key in STELLWERK_KEY (or `key`) is too short. Give 64 hexadecimal digits, for example from \
             `openssl rand -hex 32`, or a passphrase of at least 16 characters."
                .to_owned()
        });
    }
    let path = config.data_dir.join(FILE_NAME);
    match File::open(&path) {
        Ok(file) => read(&path, file),
        Err(error) if error.kind() == ErrorKind::NotFound => make(&config.data_dir, &path),
        Err(error) => Err(format!("The key file {} cannot be opened: {error}.", path.display())),
    }
}

fn read(path: &Path, mut file: File) -> Result<SealingKey, String> {
    check_permissions(path, &file)?;
    let mut text = String::new();
    file.read_to_string(&mut text)
        .map_err(|error| format!("The key file {} cannot be read: {error}.", path.display()))?;
    SealingKey::from_text(&text).ok_or_else(|| {
        format!(
            "The key file {} does not hold a key. Restore it from a backup; without it stored credentials are lost.",
            path.display()
        )
    })
}

fn make(directory: &Path, path: &Path) -> Result<SealingKey, String> {
    let fail = |error: std::io::Error| format!("The key file {} cannot be made: {error}.", path.display());
    std::fs::create_dir_all(directory).map_err(fail)?;
    let bytes = SealingKey::generate().map_err(|error| error.to_string())?;
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    restrict(&mut options);
    let mut file = options.open(path).map_err(fail)?;
    file.write_all(hex::encode(bytes).as_bytes()).and_then(|()| file.write_all(b"\n")).map_err(fail)?;
    // A credential sealed with a key that a power cut took away would be lost.
    file.sync_all().and_then(|()| File::open(directory)?.sync_all()).map_err(fail)?;
    Ok(SealingKey::from_bytes(bytes))
}

#[cfg(unix)]
fn restrict(options: &mut OpenOptions) {
    use std::os::unix::fs::OpenOptionsExt;
    options.mode(0o600);
}

#[cfg(unix)]
fn check_permissions(path: &Path, file: &File) -> Result<(), String> {
    use std::os::unix::fs::PermissionsExt;
    let mode = file.metadata().map_err(|error| error.to_string())?.permissions().mode() & 0o777;
    let for_others = mode & 0o077;
    if for_others == 0 {
        return Ok(());
    }
    let path = path.display();
    Err(format!("Others may read the key file {path} (mode {mode:o}). Run `chmod 600 {path}`."))
}

#[cfg(not(unix))]
fn restrict(_options: &mut OpenOptions) {}

#[cfg(not(unix))]
fn check_permissions(_path: &Path, _file: &File) -> Result<(), String> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn config(data_dir: &Path, key: &str) -> Config {
        let variables = [("STELLWERK_DATA_DIR", data_dir.to_str().unwrap()), ("STELLWERK_KEY", key)];
        let variables: BTreeMap<_, _> =
            variables.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        crate::config::load_from(&variables, data_dir).unwrap().config
    }

    #[test]
    fn a_key_file_is_made_once_and_read_afterwards() {
        let folder = tempfile::tempdir().unwrap();
        let config = config(&folder.path().join("data"), "");
        assert!(matches!(source(&config), KeySource::FileToBeMade(_)));
        let sealed = load_or_make(&config).unwrap().seal(b"secret", b"owner").unwrap();
        assert_eq!(load_or_make(&config).unwrap().open(&sealed, b"owner").unwrap(), b"secret");
        assert!(matches!(source(&config), KeySource::File(_)));
    }

    #[cfg(unix)]
    #[test]
    fn a_key_file_that_others_may_read_is_refused() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let config = config(folder.path(), "");
        load_or_make(&config).unwrap();
        let path = folder.path().join(FILE_NAME);
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        assert!(load_or_make(&config).unwrap_err().contains("chmod 600"));
    }

    #[test]
    fn a_key_that_is_too_short_is_refused_without_being_shown() {
        let folder = tempfile::tempdir().unwrap();
        let error = load_or_make(&config(folder.path(), "hunter2")).unwrap_err();
        assert!(error.contains("STELLWERK_KEY") && !error.contains("hunter2"), "{error}");
        assert!(load_or_make(&config(folder.path(), &"ab".repeat(32))).is_ok());
    }
}
