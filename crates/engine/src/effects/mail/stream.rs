//! A connection to a mail server that reads only so much.
//!
//! The SMTP client keeps a line in memory until it ends. A server that never ends one must not fill the memory.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use lettre::transport::smtp::client::AsyncTokioStream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

/// More than any mail server has to say about one mail, with room for encryption.
const MOST_BYTES: usize = 1024 * 1024;

/// A connection, encrypted or not.
#[derive(Debug)]
pub(super) struct MailStream {
    connection: Connection,
    peer: SocketAddr,
    left: usize,
}

#[derive(Debug)]
enum Connection {
    Plain(TcpStream),
    Encrypted(Box<TlsStream<TcpStream>>),
}

impl MailStream {
    pub(super) fn plain(stream: TcpStream, peer: SocketAddr) -> Self {
        Self { connection: Connection::Plain(stream), peer, left: MOST_BYTES }
    }

    pub(super) fn encrypted(stream: TlsStream<TcpStream>, peer: SocketAddr) -> Self {
        Self { connection: Connection::Encrypted(Box::new(stream)), peer, left: MOST_BYTES }
    }

    fn writer(&mut self) -> Pin<&mut (dyn AsyncWrite + Unpin)> {
        match &mut self.connection {
            Connection::Plain(stream) => Pin::new(stream),
            Connection::Encrypted(stream) => Pin::new(stream.as_mut()),
        }
    }
}

impl AsyncTokioStream for MailStream {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.peer)
    }
}

impl AsyncRead for MailStream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.left == 0 {
            return Poll::Ready(Err(io::Error::other("the mail server said too much")));
        }
        let before = buffer.filled().len();
        let result = match &mut self.connection {
            Connection::Plain(stream) => Pin::new(stream).poll_read(cx, buffer),
            Connection::Encrypted(stream) => Pin::new(stream.as_mut()).poll_read(cx, buffer),
        };
        self.left = self.left.saturating_sub(buffer.filled().len() - before);
        result
    }
}

impl AsyncWrite for MailStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.writer().poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.writer().poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.writer().poll_shutdown(cx)
    }
}
