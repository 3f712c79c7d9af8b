//! Mails: to a real mail server, and into the outbox.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use engine::effects::{Done, EffectError, EffectSettings, OpenCredential};
use model::ErrorCode;
use nodes::effect::{Effect, Mail, MailReply, Reply};
use nodes::manifest::Apply;
use rcgen::{CertificateParams, DnType, KeyPair};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::effects::{CallSettings, Outside, credential, local_settings};

const PASSWORD: &str = "s3cr3t pass/word";

/// The mail server, in a process of its own.
struct PostOffice {
    process: Child,
    said: UnboundedReceiver<Value>,
    port: u16,
    certificate: Vec<u8>,
    _directory: tempfile::TempDir,
}

impl PostOffice {
    async fn open(security: &str, signs_in: bool) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        let unique = directory.path().to_string_lossy().into_owned();
        params.distinguished_name.push(DnType::CommonName, unique);
        let certificate = params.self_signed(&key).unwrap();
        let (key_file, certificate_file) = (directory.path().join("key.pem"), directory.path().join("certificate.pem"));
        std::fs::write(&key_file, key.serialize_pem()).unwrap();
        std::fs::write(&certificate_file, certificate.pem()).unwrap();

        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/counterparts/smtp.mjs");
        let mut command = Command::new("node");
        command.arg(script).env("COUNTERPARTS", counterparts()).env("SECURITY", security);
        command.env("KEY", key_file).env("CERTIFICATE", certificate_file);
        if signs_in {
            command.env("SIGN_IN", format!("post:{PASSWORD}"));
        }
        let mut process = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("`node` is missing: install Node.js 20 or newer");
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let (sender, mut said) = unbounded_channel();
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                let _ = sender.send(serde_json::from_str(&line).unwrap());
            }
        });
        let first: Value = said.recv().await.expect("the mail server did not start");
        let port = u16::try_from(first["port"].as_u64().unwrap()).unwrap();
        Self { process, said, port, certificate: certificate.pem().into_bytes(), _directory: directory }
    }

    /// Effects that trust this server.
    async fn outside(&self) -> Outside {
        let extra_root_certificates = vec![self.certificate.clone()];
        Outside::open(EffectSettings { extra_root_certificates, ..local_settings() }).await
    }

    fn credential(&self, security: &str, sign_in: Option<(&str, &str)>) -> OpenCredential {
        smtp(self.port, security, sign_in)
    }

    async fn next(&mut self) -> Value {
        self.said.recv().await.unwrap()
    }
}

impl Drop for PostOffice {
    fn drop(&mut self) {
        // Closing its input lets the process end by itself.
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}

/// The folder with the installed packages.
fn counterparts() -> PathBuf {
    let inside_target = std::env::current_exe().unwrap();
    let target = inside_target.ancestors().find(|folder| folder.join("counterparts").is_dir());
    target
        .map(|target| target.join("counterparts"))
        .filter(|folder| folder.join("node_modules/smtp-server").is_dir())
        .expect("the mail server to test against is not installed: run `make counterparts`")
}

fn smtp(port: u16, security: &str, sign_in: Option<(&str, &str)>) -> OpenCredential {
    let port = port.to_string();
    let (username, password) = sign_in.unwrap_or_default();
    let fields = [
        ("host", "localhost", false),
        ("port", port.as_str(), false),
        ("security", security, false),
        ("username", username, false),
        ("password", password, true),
        ("from", "Stellwerk Köln <post@stellwerk.test>", false),
    ];
    credential(Apply::Smtp, &[], &fields)
}

fn mail(to: &[&str]) -> Mail {
    Mail {
        from: String::new(),
        to: to.iter().map(ToString::to_string).collect(),
        cc: Vec::new(),
        bcc: Vec::new(),
        reply_to: Vec::new(),
        subject: "Größe & Maß".to_owned(),
        text: "Schöne Grüße\n.\nend".to_owned(),
        html: String::new(),
        attachments: Vec::new(),
    }
}

async fn send(outside: &Outside, mail: Mail, credential: Option<&OpenCredential>) -> Result<Done, EffectError> {
    outside.carry_out(Effect::Mail(mail), CallSettings { credential, ..CallSettings::default() }).await
}

fn reply(done: Done) -> MailReply {
    match done.reply {
        Reply::Mail(reply) => reply,
        other => panic!("not a mail reply: {other:?}"),
    }
}

#[tokio::test]
async fn a_mail_with_everything_goes_through_starttls_and_sign_in() {
    let mut office = PostOffice::open("starttls", true).await;
    let outside = office.outside().await;
    let credential = office.credential("starttls", Some(("post", PASSWORD)));
    let file = outside.file("Übersicht.csv", "text/csv", b"a;b\n").await;
    let sent = Mail {
        to: vec!["Jörg Müller, Büro <joerg@müller.test>".to_owned()],
        cc: vec!["ann@example.test".to_owned()],
        bcc: vec!["hidden@example.test".to_owned()],
        reply_to: vec!["\"Käthe\" <k@example.test>".to_owned()],
        html: "<p>Schöne Grüße</p>".to_owned(),
        attachments: vec![file],
        ..mail(&[])
    };
    let done = send(&outside, sent, Some(&credential)).await.unwrap();
    let shown = format!("{:?}", done.exchange);
    let reply = reply(done);
    let got = office.next().await;

    assert_eq!((reply.delivered_by.as_str(), reply.outbox_id), ("smtp", None));
    assert_eq!((&got["secure"], &got["user"]), (&Value::from(true), &Value::from("post")));
    assert_eq!(got["from"], "post@stellwerk.test");
    // The server shows international domains in their readable form.
    assert_eq!(got["to"], serde_json::json!(["joerg@müller.test", "ann@example.test", "hidden@example.test"]));
    assert_eq!(reply.recipients, ["joerg@xn--mller-kva.test", "ann@example.test", "hidden@example.test"]);

    let message = got["message"].as_str().unwrap();
    assert!(message.is_ascii(), "every header and body is encoded");
    for expected in [
        "Subject: =?utf-8?b?",
        "To: =?utf-8?b?",
        "<joerg@xn--mller-kva.test>",
        "Cc: ann@example.test\r\n",
        "multipart/mixed",
        "multipart/alternative",
        "text/plain; charset=utf-8",
        "text/html; charset=utf-8",
        "filename*0*=utf-8''%C3%9Cbersicht.csv",
        "YTtiCg==",
        "Date: Sun, 01 Mar 2026 12:00:00 +0000",
    ] {
        assert!(message.contains(expected), "{expected} is missing in {message}");
    }
    assert!(message.contains(&format!("Message-ID: {}", reply.message_id)));
    assert!(!message.contains("hidden@example.test"), "a blind copy stays blind");
    assert!(!shown.contains(PASSWORD) && shown.contains("taken over"), "{shown}");
}

#[tokio::test]
async fn a_mail_server_is_tried_by_signing_in_without_sending_anything() {
    let office = PostOffice::open("starttls", true).await;
    let outside = office.outside().await;
    let credential = office.credential("starttls", Some(("post", PASSWORD)));
    let exchange = outside.effects().try_mail_server(&credential, 10_000).await.unwrap();
    assert_eq!((&exchange.request["security"], &exchange.response["reply"]), (&"starttls".into(), &"signed in".into()));
    let wrong = office.credential("starttls", Some(("post", "wrong pass")));
    let failed = outside.effects().try_mail_server(&wrong, 10_000).await.unwrap_err();
    assert_eq!(failed.error.code, ErrorCode::Credential);
    assert!(!format!("{failed:?}").contains("wrong pass"), "{failed:?}");
    let nobody = smtp(1, "starttls", None);
    let failed = outside.effects().try_mail_server(&nobody, 10_000).await.unwrap_err();
    assert_eq!(failed.error.code, ErrorCode::Connection);
}

#[tokio::test]
async fn the_same_key_writes_the_same_message_again() {
    let mut office = PostOffice::open("tls", true).await;
    let outside = office.outside().await;
    let credential = office.credential("tls", Some(("post", PASSWORD)));
    let two_parts = Mail { html: "<b>x</b>".to_owned(), ..mail(&["ann@example.test"]) };
    let first = reply(send(&outside, two_parts.clone(), Some(&credential)).await.unwrap());
    let second = reply(send(&outside, two_parts, Some(&credential)).await.unwrap());
    assert_eq!(first.message_id, second.message_id);
    let messages = (office.next().await, office.next().await);
    assert_eq!(messages.0["message"], messages.1["message"]);
    assert_eq!(messages.0["secure"], true);
}

#[tokio::test]
async fn a_local_relay_needs_neither_encryption_nor_sign_in() {
    let mut office = PostOffice::open("none", false).await;
    let outside = office.outside().await;
    let credential = office.credential("none", None);
    send(&outside, mail(&["ann@example.test"]), Some(&credential)).await.unwrap();
    let got = office.next().await;
    assert_eq!((&got["secure"], &got["user"]), (&Value::from(false), &Value::Null));
    assert!(got["message"].as_str().unwrap().contains("\r\n\r\n"));
}

#[tokio::test]
async fn one_refused_recipient_stops_the_mail_for_all() {
    let mut office = PostOffice::open("none", false).await;
    let outside = office.outside().await;
    let credential = office.credential("none", None);
    for (to, retryable, named) in [
        (vec!["ann@example.test", "full@example.test"], true, "full@example.test (452 "),
        (vec!["unknown@example.test", "ann@example.test"], false, "unknown@example.test (550 "),
        (vec!["unknown@example.test", "full@example.test"], false, "2 of 2 recipients"),
    ] {
        let error = send(&outside, mail(&to), Some(&credential)).await.unwrap_err().error;
        assert_eq!((error.code, error.retryable), (ErrorCode::Mail, retryable), "{error}");
        assert!(error.message.contains(named), "{error}");
    }
    let later = Mail { from: "later@example.test".to_owned(), ..mail(&["ann@example.test"]) };
    let error = send(&outside, later, Some(&credential)).await.unwrap_err().error;
    assert_eq!((error.code, error.retryable), (ErrorCode::Mail, true), "{error}");

    // The next mail is the first that arrives.
    let last = Mail { subject: "last".to_owned(), ..mail(&["ann@example.test"]) };
    send(&outside, last, Some(&credential)).await.unwrap();
    assert!(office.next().await["message"].as_str().unwrap().contains("Subject: last"));
}

#[tokio::test]
async fn a_wrong_password_is_a_fault_of_the_credential_and_is_not_repeated_to_anybody() {
    let office = PostOffice::open("starttls", true).await;
    let outside = office.outside().await;
    let credential = office.credential("starttls", Some(("post", "wr0ng-one")));
    let failure = send(&outside, mail(&["ann@example.test"]), Some(&credential)).await.unwrap_err();
    assert_eq!((failure.error.code, failure.error.retryable), (ErrorCode::Credential, false));
    assert!(failure.error.message.contains("wrong password •••"), "{}", failure.error);
    assert!(!format!("{failure:?}").contains("wr0ng-one"));
}

#[tokio::test]
async fn encryption_that_cannot_be_had_stops_the_mail() {
    let office = PostOffice::open("none", false).await;
    let outside = office.outside().await;
    for (security, expected) in [("starttls", "does not offer STARTTLS"), ("tls", "does not speak TLS")] {
        let credential = office.credential(security, None);
        let error = send(&outside, mail(&["ann@example.test"]), Some(&credential)).await.unwrap_err().error;
        assert_eq!((error.code, error.retryable), (ErrorCode::Tls, false), "{error}");
        assert!(error.message.contains(expected), "{error}");
    }
    let office = PostOffice::open("starttls", true).await;
    let credential = office.credential("starttls", Some(("post", PASSWORD)));
    let error = send(&outside, mail(&["ann@example.test"]), Some(&credential)).await.unwrap_err().error;
    assert_eq!((error.code, error.retryable), (ErrorCode::Tls, false), "{error}");
    assert!(error.message.contains("self-signed"), "{error}");
}

/// A mail server that speaks by a script: what it says first, and then its answer to each line.
async fn scripted(greeting: Vec<u8>, answers: &'static [&'static str]) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let _ = stream.write_all(&greeting).await;
        let (reader, mut writer) = stream.split();
        let mut lines = tokio::io::BufReader::new(reader).lines();
        for answer in answers {
            let _ = lines.next_line().await;
            let _ = writer.write_all(answer.as_bytes()).await;
        }
        std::future::pending::<()>().await;
    });
    port
}

#[tokio::test]
async fn words_said_before_the_encryption_do_not_count_afterwards() {
    let answers = &["250-mail\r\n250 STARTTLS\r\n", "220 go on\r\n250 AUTH PLAIN\r\n"];
    let port = scripted(b"220 mail\r\n".to_vec(), answers).await;
    let outside = Outside::local().await;
    let error =
        send(&outside, mail(&["ann@example.test"]), Some(&smtp(port, "starttls", None))).await.unwrap_err().error;
    assert_eq!((error.code, error.retryable), (ErrorCode::Tls, false), "{error}");
    assert!(error.message.contains("does not speak TLS"), "{error}");
}

#[tokio::test]
async fn a_mail_server_that_never_ends_its_line_is_cut_off() {
    let port = scripted(vec![b'2'; 2 * 1024 * 1024], &[]).await;
    let outside = Outside::local().await;
    let error = send(&outside, mail(&["ann@example.test"]), Some(&smtp(port, "none", None))).await.unwrap_err().error;
    assert_eq!((error.code, error.retryable), (ErrorCode::Connection, true), "{error}");
    assert!(error.message.contains("said too much"), "{error}");
}

#[tokio::test]
async fn a_mail_server_that_falls_silent_is_given_up_in_time() {
    let port = scripted(b"220 mail\r\n".to_vec(), &[]).await;
    let outside = Outside::local().await;
    let credential = smtp(port, "none", None);
    let call = CallSettings { timeout_ms: 200, ..CallSettings::with(&credential) };
    let failure = outside.carry_out(Effect::Mail(mail(&["ann@example.test"])), call).await.unwrap_err();
    assert_eq!((failure.error.code, failure.error.retryable), (ErrorCode::Timeout, true), "{}", failure.error);
    assert_eq!(failure.exchange.unwrap().request["subject"], "Größe & Maß");
}

#[tokio::test]
async fn a_mail_server_at_a_refused_address_is_not_reached() {
    let outside = Outside::open(EffectSettings::default()).await;
    let credential = smtp(2525, "none", None);
    let error = send(&outside, mail(&["ann@example.test"]), Some(&credential)).await.unwrap_err().error;
    assert_eq!(error.code, ErrorCode::AddressRefused, "{error}");
}

#[tokio::test]
async fn without_a_mail_server_a_mail_is_kept_once_in_the_outbox() {
    let outside = Outside::local().await;
    let first = reply(send(&outside, mail(&["Ann <ann@example.test>"]), None).await.unwrap());
    let again = reply(send(&outside, mail(&["Ann <ann@example.test>"]), None).await.unwrap());
    assert_eq!(first, again);
    assert_eq!(first.delivered_by, "outbox");

    let kept = outside.storage.mails(None, 10).await.unwrap();
    assert_eq!(kept.len(), 1);
    assert_eq!(Some(kept[0].id), first.outbox_id);
    assert_eq!(
        (kept[0].subject.as_str(), &kept[0].recipients[..]),
        ("Größe & Maß", &["ann@example.test".to_owned()][..])
    );
    let whole = outside.storage.mail(kept[0].id).await.unwrap();
    assert!(String::from_utf8_lossy(&whole.message).contains("From: Stellwerk <stellwerk@localhost>"));
}

#[tokio::test]
async fn a_mail_that_cannot_be_written_names_the_parameter() {
    let outside = Outside::local().await;
    for (bad, parameter) in [
        (mail(&[]), "to"),
        (mail(&["nobody"]), "to"),
        (Mail { cc: vec!["a@b@c".to_owned()], ..mail(&["ann@example.test"]) }, "cc"),
        (Mail { from: "x\r\nBcc: y@example.test".to_owned(), ..mail(&["ann@example.test"]) }, "from"),
        (Mail { reply_to: vec!["?".to_owned()], ..mail(&["ann@example.test"]) }, "reply_to"),
    ] {
        let error = send(&outside, bad, None).await.unwrap_err().error;
        assert_eq!((error.code, error.parameter.as_deref()), (ErrorCode::Parameter, Some(parameter)), "{error}");
    }
    let injected = Mail { subject: "Hi\r\nBcc: spam@example.test".to_owned(), ..mail(&["ann@example.test"]) };
    send(&outside, injected, None).await.unwrap();
    let kept = outside.storage.mails(None, 1).await.unwrap();
    let whole = outside.storage.mail(kept[0].id).await.unwrap();
    let message = String::from_utf8_lossy(&whole.message).into_owned();
    assert!(message.contains("Subject: Hi Bcc: spam@example.test\r\n") && !message.contains("\r\nBcc:"), "{message}");
}
