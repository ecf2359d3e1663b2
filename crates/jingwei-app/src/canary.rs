//! The secret of an installation from which its canary tokens are made.

use std::{fs, io::ErrorKind, path::Path};

use jingwei_guard::CanaryKey;

use crate::{
    Error,
    app::{make_folder, random_bytes, write_private},
};

/// The key in a data folder: 32 random bytes, readable by the owner alone. `None`: there is none yet.
pub fn known_canary(data: &Path) -> Result<Option<CanaryKey>, Error> {
    let path = data.join("keys").join("canary.key");
    let shown = path.display();
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(None),
        Err(e) => {
            let (zh, en) = (format!("无法读取金丝雀密钥 `{shown}`"), format!("cannot read the canary key `{shown}`"));
            return Err(Error::failed(zh, en).because(e));
        }
    };
    let mut secret = [0; 32];
    hex::decode_to_slice(text.trim(), &mut secret).map_err(|e| {
        Error::failed(
            format!("`{shown}` 不是金丝雀密钥：须为 64 位十六进制数"),
            format!("`{shown}` is not a canary key: 64 hexadecimal digits are needed"),
        )
        .because(e)
    })?;
    Ok(Some(CanaryKey::new(secret)))
}

/// The key in a data folder, made at the first start. It must be kept as long as tokens are to be recognised.
pub fn canary(data: &Path) -> Result<CanaryKey, Error> {
    if let Some(key) = known_canary(data)? {
        return Ok(key);
    }
    let keys = data.join("keys");
    make_folder(&keys)?;
    let secret = random_bytes()?;
    let path = keys.join("canary.key");
    write_private(&path, format!("{}\n", hex::encode(secret)).as_bytes()).map_err(|e| {
        let shown = path.display();
        Error::failed(format!("无法写入金丝雀密钥 `{shown}`"), format!("cannot write the canary key `{shown}`"))
            .because(e)
    })?;
    Ok(CanaryKey::new(secret))
}

/// A number that nobody can guess, for marks and tokens of one request.
#[must_use]
pub fn random_number() -> Option<u64> {
    let bytes = random_bytes().ok()?;
    bytes.first_chunk().map(|half| u64::from_le_bytes(*half))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_is_made_once_and_kept_to_the_owner() {
        let folder = tempfile::tempdir().unwrap();
        assert!(known_canary(folder.path()).unwrap().is_none());
        let token = canary(folder.path()).unwrap().mint(7);
        assert!(canary(folder.path()).unwrap().is_ours(&token));
        assert!(known_canary(folder.path()).unwrap().unwrap().is_ours(&token));
        let path = folder.path().join("keys/canary.key");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        fs::write(&path, "short").unwrap();
        assert!(canary(folder.path()).is_err(), "a broken key is not replaced: its tokens would be forgotten");
        assert_ne!(random_number(), random_number());
    }
}
