//! `stellwerk healthcheck`: for containers, which have no curl.

use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::time::Duration;

use super::Failure;

const PATIENCE: Duration = Duration::from_secs(3);

/// Fails unless `GET /healthz` on the configured address answers with 200.
pub(super) fn ask(listen: SocketAddr) -> Result<(), Failure> {
    let address = reachable(listen);
    let status = status_of(address).map_err(|error| Failure::new(format!("{address} does not answer: {error}.")))?;
    match status.as_str() {
        "200" => Ok(()),
        other => Err(Failure::new(format!("{address} answers /healthz with {other}."))),
    }
}

/// Who listens on all addresses is reached on the local one.
fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}

fn status_of(address: SocketAddr) -> std::io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    // At once: who reads only the first piece may have closed before the second.
    stream.write_all(format!("GET /healthz HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").as_bytes())?;
    let mut answer = Vec::new();
    stream.take(64).read_to_end(&mut answer)?;
    let line = String::from_utf8_lossy(&answer);
    Ok(line.split(' ').nth(1).unwrap_or("nothing that is HTTP").to_owned())
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    fn answering(answer: &'static str) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let _ = stream.read(&mut [0; 1024]);
            let _ = stream.write_all(answer.as_bytes());
        });
        address
    }

    #[test]
    fn only_a_server_that_answers_200_is_healthy() {
        assert_eq!(ask(answering("HTTP/1.1 200 OK\r\n\r\n")), Ok(()));
        assert!(ask(answering("HTTP/1.1 503 Service Unavailable\r\n\r\n")).unwrap_err().to_string().contains("503"));
        assert!(ask(answering("")).unwrap_err().to_string().contains("nothing"));
        let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        assert!(ask(closed).unwrap_err().to_string().contains("does not answer"));
    }

    #[test]
    fn a_server_on_all_addresses_is_asked_on_the_local_one() {
        assert_eq!(reachable("0.0.0.0:8080".parse().unwrap()).to_string(), "127.0.0.1:8080");
        assert_eq!(reachable("[::]:8080".parse().unwrap()).to_string(), "[::1]:8080");
        assert_eq!(reachable("192.0.2.1:80".parse().unwrap()).to_string(), "192.0.2.1:80");
    }
}
