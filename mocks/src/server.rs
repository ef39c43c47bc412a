//! A router on a loopback port.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

/// A running server. Dropping it closes the port and cuts every connection at once, as a killed process would;
/// [`MockServer::stop`] lets requests in hand end first.
#[derive(Debug)]
pub struct MockServer {
    address: SocketAddr,
    stop: Arc<watch::Sender<bool>>,
    task: Option<JoinHandle<()>>,
}

impl MockServer {
    /// Serves `router` on a free port of 127.0.0.1.
    pub async fn start(router: Router) -> std::io::Result<Self> {
        Self::start_on(router, 0).await
    }

    /// Serves `router` on a given port of 127.0.0.1; 0 takes a free one.
    pub async fn start_on(router: Router, port: u16) -> std::io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        let address = listener.local_addr()?;
        let (stop, stopped) = watch::channel(false);
        let task = tokio::spawn(accept(listener, router, stopped));
        Ok(Self { address, stop: Arc::new(stop), task: Some(task) })
    }

    /// Gives `http://127.0.0.1:PORT`, without a slash at the end.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Gives the address.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Cuts every connection and closes the port, as dropping it does.
    pub fn kill(self) {
        drop(self);
    }

    /// Stops accepting, lets requests in hand end, closes idle connections and waits for all that.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        if let Some(task) = self.task.take() {
            // A task that was canceled or panicked is over as well.
            drop(task.await);
        }
    }
}

impl Drop for MockServer {
    fn drop(&mut self) {
        if let Some(task) = self.task.take() {
            task.abort();
        }
    }
}

/// Accepts until stopped. The connections live in a set that dies with this task.
async fn accept(listener: TcpListener, router: Router, mut stopped: watch::Receiver<bool>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                // An accept that fails (a peer that is gone again, too many files) is no reason to stop serving.
                let Ok((stream, _)) = accepted else { tokio::task::yield_now().await; continue };
                connections.spawn(serve(stream, router.clone(), stopped.clone()));
            }
            Some(_) = connections.join_next() => {}
            _ = stopped.changed() => break,
        }
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
}

async fn serve(stream: TcpStream, router: Router, mut stopped: watch::Receiver<bool>) {
    // Without this a small answer may wait 40 ms for the peer's delayed acknowledgement.
    drop(stream.set_nodelay(true));
    let connection =
        http1::Builder::new().half_close(true).serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    let mut connection = std::pin::pin!(connection);
    tokio::select! {
        // A connection that ends in an error was cut by a fault or by the peer.
        ended = connection.as_mut() => drop(ended),
        _ = stopped.changed() => {
            connection.as_mut().graceful_shutdown();
            drop(connection.await);
        }
    }
}
