//! A connection to a mail server that reads only so much, and in the open only line by line.
//!
//! The SMTP client keeps a line in memory until it ends; a server that never ends one must not fill the memory. It also
//! keeps what it read ahead when the connection becomes encrypted, so that somebody on the way could put words into the
//! server's mouth before that. Handed over line by line, such words are still here by then, and spoil the handshake.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

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
    /// What was read and not handed over yet.
    ahead: Vec<u8>,
}

#[derive(Debug)]
enum Connection {
    Plain(TcpStream),
    Encrypted(Box<TlsStream<TcpStream>>),
}

impl MailStream {
    pub(super) fn plain(stream: TcpStream, peer: SocketAddr) -> Self {
        Self { connection: Connection::Plain(stream), peer, left: MOST_BYTES, ahead: Vec::new() }
    }

    pub(super) fn encrypted(stream: TlsStream<TcpStream>, peer: SocketAddr) -> Self {
        Self { connection: Connection::Encrypted(Box::new(stream)), peer, left: MOST_BYTES, ahead: Vec::new() }
    }

    /// Reads what is there, at most `most` bytes; nothing means that the other side has ended.
    fn read_ahead(&mut self, cx: &mut Context<'_>, most: usize) -> Poll<io::Result<()>> {
        if self.left == 0 {
            return Poll::Ready(Err(io::Error::other("the mail server said too much")));
        }
        let mut space = [0; 4096];
        let most = most.min(self.left).min(space.len());
        let mut buffer = ReadBuf::new(&mut space[..most]);
        match &mut self.connection {
            Connection::Plain(stream) => ready!(Pin::new(stream).poll_read(cx, &mut buffer))?,
            Connection::Encrypted(stream) => ready!(Pin::new(stream.as_mut()).poll_read(cx, &mut buffer))?,
        }
        self.left -= buffer.filled().len();
        self.ahead.extend_from_slice(buffer.filled());
        Poll::Ready(Ok(()))
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
        if self.ahead.is_empty() {
            ready!(self.read_ahead(cx, buffer.remaining()))?;
        }
        let line = match self.connection {
            Connection::Plain(_) => self.ahead.iter().position(|byte| *byte == b'\n').map(|end| end + 1),
            Connection::Encrypted(_) => None,
        };
        let length = line.unwrap_or(self.ahead.len()).min(buffer.remaining());
        buffer.put_slice(&self.ahead[..length]);
        self.ahead.drain(..length);
        Poll::Ready(Ok(()))
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
