use super::*;
use std::error::Error as _;

fn file(folder: &tempfile::TempDir, name: &str, text: &str) -> PathBuf {
    let path = folder.path().join(name);
    fs::write(&path, text).unwrap();
    path
}

const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
const KEY: &str = "-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n";

#[test]
fn what_is_wrong_with_the_files_is_said_with_their_names() {
    let folder = tempfile::tempdir().unwrap();
    let (certificate, key) = (file(&folder, "c.pem", CERTIFICATE), file(&folder, "k.pem", KEY));
    let tls = Tls {
        enabled: true,
        certificate: certificate.clone(),
        key: key.clone(),
        ..Tls::default()
    };
    assert_eq!(tls.read().unwrap().unwrap().identity.unwrap().1.expose(), KEY);

    let half = Tls {
        key: PathBuf::new(),
        ..tls.clone()
    };
    assert_eq!(
        half.read().unwrap_err().to_string(),
        "a certificate needs its key and a key its certificate"
    );
    let swapped = Tls {
        key: certificate,
        ..tls.clone()
    };
    let error = swapped.read().unwrap_err().to_string();
    assert!(error.contains("no PRIVATE KEY") && error.contains("c.pem"), "{error}");
    let missing = Tls {
        ca: folder.path().join("ca.pem"),
        ..tls
    };
    let error = missing.read().unwrap_err();
    assert!(
        error.to_string().contains("ca.pem") && error.source().is_some(),
        "{error}"
    );
}

#[test]
fn what_is_not_enabled_is_not_read() {
    let tls = Tls {
        ca: "/nowhere".into(),
        ..Tls::default()
    };
    assert!(tls.read().unwrap().is_none());
}
