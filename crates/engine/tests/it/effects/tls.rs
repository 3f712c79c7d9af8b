//! Encrypted connections: certificates that hold and certificates that do not.

use std::sync::Arc;

use engine::effects::EffectSettings;
use model::ErrorCode;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::server::{Answer, read_request, write_answer};
use super::{Outside, local_settings, request};

/// A certificate authority of the test's own.
fn authority() -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.distinguished_name.push(DnType::CommonName, "Authority of a test");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

struct Certificate {
    name: &'static str,
    last_year: i32,
    self_signed: bool,
}

/// Serves one request over TLS and gives back the address.
async fn serve(authority: &CertifiedIssuer<'static, KeyPair>, certificate: Certificate) -> std::net::SocketAddr {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(vec![certificate.name.to_owned()]).unwrap();
    params.not_before = date_time_ymd(2000, 1, 1);
    params.not_after = date_time_ymd(certificate.last_year, 1, 1);
    let signed =
        if certificate.self_signed { params.self_signed(&key) } else { params.signed_by(&key, authority) }.unwrap();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![signed.der().clone()], key)
        .unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let Ok(mut stream) = TlsAcceptor::from(Arc::new(config)).accept(stream).await else { return };
        if read_request(&mut stream).await.is_some() {
            write_answer(&mut stream, Answer::of(200, &[("Content-Type", "text/plain")], "private")).await;
        }
    });
    address
}

async fn trusting(authority: &CertifiedIssuer<'static, KeyPair>) -> Outside {
    let extra_root_certificates = vec![authority.pem().into_bytes()];
    Outside::open(EffectSettings { extra_root_certificates, ..local_settings() }).await
}

#[tokio::test]
async fn a_certificate_of_an_extra_authority_is_trusted() {
    let authority = authority();
    let address = serve(&authority, Certificate { name: "localhost", last_year: 4000, self_signed: false }).await;
    let url = format!("https://localhost:{}/", address.port());
    let reply = trusting(&authority).await.send(request("GET", &url)).await.unwrap();
    assert_eq!(reply.body, "private");
}

#[tokio::test]
async fn a_bad_certificate_is_explained_and_not_worth_a_retry() {
    let authority = authority();
    let outside = trusting(&authority).await;
    for (name, last_year, self_signed, expected) in [
        ("localhost", 4000, true, "self-signed"),
        ("other.test", 4000, false, "made for another host"),
        ("localhost", 2001, false, "has expired"),
    ] {
        let address = serve(&authority, Certificate { name, last_year, self_signed }).await;
        let url = format!("https://localhost:{}/", address.port());
        let error = outside.send(request("GET", &url)).await.unwrap_err();
        assert_eq!((error.code, error.retryable), (ErrorCode::Tls, false), "{expected}: {error}");
        assert!(error.message.contains(expected) && error.message.contains("localhost"), "{error}");
    }
}

#[tokio::test]
async fn https_to_a_plain_server_says_so() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        write_answer(&mut stream, Answer::of(400, &[], "speak plainly")).await;
    });
    let error = Outside::local().await.send(request("GET", &format!("https://{address}/"))).await.unwrap_err();
    assert_eq!((error.code, error.retryable), (ErrorCode::Tls, false), "{error}");
    assert!(error.message.contains("does not speak TLS"), "{error}");
}
