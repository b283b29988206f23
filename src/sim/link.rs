//! The connections: a listener whose streams can be cut from inside a handler, because a fault has to close a connection
//! without any answer and HTTP has no word for that. It reads nothing and changes nothing otherwise.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};

/// What a handler may know of its connection.
#[derive(Debug, Clone)]
pub struct Peer {
    /// Who is at the other end.
    pub address: SocketAddr,
    cut: Arc<AtomicBool>,
}

impl Peer {
    /// From now on nothing is written: the connection is reset instead.
    pub fn cut(&self) {
        self.cut.store(true, Ordering::Relaxed);
    }
}

/// Accepts connections.
#[derive(Debug)]
pub struct Links(pub TcpListener);

/// One connection.
#[derive(Debug)]
pub struct Link {
    stream: TcpStream,
    peer: Peer,
}

impl Listener for Links {
    type Io = Link;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Link, SocketAddr) {
        loop {
            match self.0.accept().await {
                Ok((stream, address)) => {
                    // a small answer must not wait for the acknowledgement of the one before; not fatal when refused
                    if let Err(error) = stream.set_nodelay(true) {
                        tracing::debug!(%error, "cannot switch Nagle's algorithm off");
                    }
                    return (Link { stream, peer: Peer { address, cut: Arc::default() } }, address);
                }
                Err(error)
                    if matches!(
                        error.kind(),
                        io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset
                    ) => {}
                Err(error) => {
                    // out of file descriptors: they come back when connections end, and accept would spin until then
                    tracing::warn!(%error, "cannot accept a connection");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

impl Connected<IncomingStream<'_, Links>> for Peer {
    fn connect_info(stream: IncomingStream<'_, Links>) -> Self {
        stream.io().peer.clone()
    }
}

impl Link {
    fn refuse(&self) -> io::Result<()> {
        if self.peer.cut.load(Ordering::Relaxed) {
            // closing with zero linger sends RST, what a crashed peer or a firewall does
            self.stream.set_zero_linger()?;
            return Err(io::ErrorKind::ConnectionReset.into());
        }
        Ok(())
    }
}

impl AsyncRead for Link {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Link {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.refuse()?;
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.refuse()?;
        Pin::new(&mut self.stream).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
