//! A server that speaks TLS alone.

use std::path::Path;
use std::process::{Command, Stdio};

use forbear_redis::SharedQuota;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use redis::{Client, TlsCertificates};

use super::{limit, policy};
use crate::server::Server;

const URL: &str = "FORBEAR_REDIS_TEST_TLS_URL";

struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    /// A server with a certificate of this authority.
    fn server(&self) -> Option<Server> {
        Server::start_by(|port, folder| {
            let key = KeyPair::generate().unwrap();
            let params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
            let certificate = params.signed_by(&key, &self.0).unwrap();
            let write = |name: &str, text: String| {
                let path = folder.join(name);
                std::fs::write(&path, text).unwrap();
                path.display().to_string()
            };
            let certificate = write("server.pem", certificate.pem());
            let key = write("server.key", key.serialize_pem());
            let authority = write("authority.pem", self.0.pem());
            let port_text = port.to_string();
            let mut arguments = forbear_redis_testing::plain(port, folder);
            let tls = ["--port", "0", "--tls-port", &port_text, "--tls-auth-clients", "no"];
            arguments.extend(tls.map(ToOwned::to_owned));
            let files = [
                ("--tls-cert-file", certificate),
                ("--tls-key-file", key),
                ("--tls-ca-cert-file", authority),
            ];
            arguments.extend(files.into_iter().flat_map(|(name, file)| [name.to_owned(), file]));
            arguments
        })
    }
}

fn url(server: &Server) -> String {
    server.url().replace("redis://", "rediss://")
}

/// Not a test by itself: a process whose certificates of the system are those of the test.
#[tokio::test]
async fn worker() {
    let Ok(url) = std::env::var(URL) else { return };
    let rate = "100/s".parse().unwrap();
    match SharedQuota::connect(&url, "quota", rate).await {
        Err(error) => println!("error: {error}"),
        Ok(quota) => {
            policy(&quota).retry(async || Ok::<_, std::io::Error>(())).await.unwrap();
            println!("members: {}", quota.status().members);
        }
    }
}

/// What the worker says that trusts this file alone.
fn says(url: &str, trusts: &Path) -> String {
    let out = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "live::tls::worker", "--nocapture", "--test-threads", "1"])
        .env(URL, url)
        .env("SSL_CERT_FILE", trusts)
        .env_remove("SSL_CERT_DIR")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    String::from_utf8_lossy(&out.stdout).into_owned()
}

#[test]
fn a_url_is_enough_where_the_system_trusts_the_certificate() {
    let (authority, other) = (Authority::new(), Authority::new());
    let Some(server) = authority.server() else { return };
    let file = std::env::temp_dir().join(format!("forbear-tls-{}.pem", server.port()));
    std::fs::write(&file, authority.0.pem()).unwrap();
    let trusted = says(&url(&server), &file);
    std::fs::write(&file, other.0.pem()).unwrap();
    let untrusted = says(&url(&server), &file);
    let plain = says(&server.url(), &file);
    std::fs::remove_file(&file).unwrap();
    assert!(trusted.contains("members: 1"), "{trusted}");
    assert!(
        untrusted.contains("error: ") && untrusted.contains("invalid peer certificate"),
        "{untrusted}"
    );
    assert!(plain.contains("speaks TLS (`rediss://`)"), "{plain}");
}

#[tokio::test]
async fn certificates_of_ones_own_go_by_a_client() {
    let authority = Authority::new();
    let Some(server) = authority.server() else { return };
    let root_cert = Some(authority.0.pem().into_bytes());
    let certificates = TlsCertificates { client_tls: None, root_cert };
    let client = Client::build_with_tls(url(&server), certificates).unwrap();
    let quota = SharedQuota::builder("quota").limit(limit("100/s", 10)).connect_with(move || {
        let client = client.clone();
        async move { client.get_multiplexed_async_connection().await }
    });
    let quota = quota.await.unwrap();
    policy(&quota).retry(async || Ok::<_, std::io::Error>(())).await.unwrap();
}
