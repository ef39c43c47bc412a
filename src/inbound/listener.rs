//! A TCP listener that nobody can fill up: so many connections, and each lives and idles only so long.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Sleep, sleep};

/// What one listener allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Connections at the same time; more wait to be accepted.
    pub connections: usize,
    /// A connection that sends nothing for this long is closed.
    pub idle: Duration,
    /// A connection is closed after this, whatever it does.
    pub life: Duration,
}

/// See the module.
#[derive(Debug)]
pub struct Listener {
    inner: TcpListener,
    bounds: Bounds,
    places: Arc<Semaphore>,
}

impl Listener {
    /// Binds now; connections are accepted once it is served.
    pub async fn bind(address: SocketAddr, bounds: Bounds) -> io::Result<Self> {
        let inner = TcpListener::bind(address).await?;
        Ok(Self { inner, bounds, places: Arc::new(Semaphore::new(bounds.connections)) })
    }

    /// Where it listens; tells the port when 0 was asked for.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.inner.local_addr()
    }
}

impl axum::serve::Listener for Listener {
    type Io = Connection;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Connection, SocketAddr) {
        // Never closed, so that there is always a place in the end.
        let place = Arc::clone(&self.places).acquire_owned().await.ok();
        let (stream, peer) = axum::serve::Listener::accept(&mut self.inner).await;
        let Bounds { idle, life, .. } = self.bounds;
        let (quiet, end) = (Box::pin(sleep(idle)), Box::pin(sleep(life)));
        (Connection { stream, quiet, end, idle, _place: place }, peer)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.address()
    }
}

/// One accepted connection.
#[derive(Debug)]
pub struct Connection {
    stream: TcpStream,
    quiet: Pin<Box<Sleep>>,
    end: Pin<Box<Sleep>>,
    idle: Duration,
    _place: Option<OwnedSemaphorePermit>,
}

impl Connection {
    fn poll_time(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        if self.quiet.as_mut().poll(cx).is_ready() || self.end.as_mut().poll(cx).is_ready() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        Ok(())
    }

    fn moved(&mut self, cx: &mut Context<'_>) {
        self.quiet.set(sleep(self.idle));
        // Polled once, or it would wake nobody.
        let _armed = self.quiet.as_mut().poll(cx).is_pending();
    }
}

impl AsyncRead for Connection {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.poll_time(cx)?;
        let answer = Pin::new(&mut self.stream).poll_read(cx, buf);
        if answer.is_ready() {
            self.moved(cx);
        }
        answer
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_time(cx)?;
        let answer = Pin::new(&mut self.stream).poll_write(cx, buf);
        if answer.is_ready() {
            self.moved(cx);
        }
        answer
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
