//! The server: listens, answers HTTP, and shuts down in order. What happens on a socket is the connection's matter.

use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower_http::services::ServeDir;

use crate::auth::Authority;
use crate::config::{AccessMode, Config};
use crate::forgetting;
use crate::health::{self, Health};
use crate::hub::Hubs;
use crate::life::Lives;
use crate::searching::SLOTS;
use crate::store::sqlite::SqliteStore;
use crate::store::{Store, StoreError};
use crate::upgrade;

// TCP connections whose request is under way, beyond those that may become WebSockets: a full relay still answers
// whether it is alive.
const SPARE_CONNECTIONS: usize = 256;

// How long to wait after a failed accept: most likely there are no file descriptors left, and trying at once again
// would take a core without helping.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Why the relay did not start, or ended.
#[derive(Debug, thiserror::Error)]
pub enum RelayError {
    /// The address cannot be listened at.
    #[error("cannot listen at {address}: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
    /// The store cannot be opened.
    #[error("cannot open the store: {0}")]
    Store(#[from] StoreError),
}

/// What all connections share.
pub(crate) struct Shared {
    pub(crate) config: Config,
    pub(crate) authority: Authority,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) hubs: Arc<Hubs>,
    pub(crate) lives: Lives,
    pub(crate) health: Health,
    pub(crate) places: Arc<Semaphore>,
    pub(crate) searches: Arc<Semaphore>,
    pub(crate) connections: TaskTracker,
    pub(crate) next_connection: AtomicU64,
    pub(crate) stop: CancellationToken,
}

/// A relay that listens, and has not begun to serve.
pub struct Relay {
    listener: TcpListener,
    address: SocketAddr,
    shared: Arc<Shared>,
}

impl Relay {
    /// Opens the SQLite store in the configured folder and listens at the configured address.
    pub async fn bind(config: Config) -> Result<Self, RelayError> {
        let hubs = Arc::new(Hubs::default());
        let store = SqliteStore::open(&config.data, &config.limits, Arc::clone(&hubs)).await?;
        Self::bind_with(config, Arc::new(store), hubs).await
    }

    /// Listens at the configured address over a store that announces its commits to these hubs.
    pub async fn bind_with(
        config: Config,
        store: Arc<dyn Store>,
        hubs: Arc<Hubs>,
    ) -> Result<Self, RelayError> {
        let failed = |source| RelayError::Listen { address: config.listen, source };
        let listener = TcpListener::bind(config.listen).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let authority = match &config.access {
            AccessMode::Open => Authority::Open,
            AccessMode::Tokens(secret) => Authority::of_secret(secret),
        };
        let shared = Shared {
            authority,
            health: Health::new(Arc::clone(&store)),
            store,
            hubs,
            lives: Lives::default(),
            places: Arc::new(Semaphore::new(config.limits.connections)),
            searches: Arc::new(Semaphore::new(SLOTS)),
            connections: TaskTracker::new(),
            next_connection: AtomicU64::new(1),
            stop: CancellationToken::new(),
            config,
        };
        Ok(Self { listener, address, shared: Arc::new(shared) })
    }

    /// Where the relay listens: the port is known here also when the configuration left it to the system.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `stop` is cancelled, then shuts down in order: takes no more connections, tells the peers, writes
    /// what was accepted, closes the store.
    pub async fn run(self, stop: CancellationToken) -> Result<(), RelayError> {
        self.say_hello();
        self.shared.connections.spawn(forgetting::run(Arc::clone(&self.shared)));
        tokio::select! {
            () = accept(&self.listener, &self.shared) => {}
            () = stop.cancelled() => {}
        }
        tracing::info!("shutting down");
        drop(self.listener);
        self.shared.stop.cancel();
        self.shared.connections.close();
        let ended = self.shared.connections.wait();
        if timeout(self.shared.config.limits.shutdown_timeout(), ended).await.is_err() {
            tracing::warn!("some connections did not end in time");
        }
        self.shared.store.close().await?;
        tracing::info!("shut down");
        Ok(())
    }

    fn say_hello(&self) {
        tracing::info!(address = %self.address, "listening");
        if matches!(self.shared.config.access, AccessMode::Open) {
            tracing::warn!(
                "THIS RELAY IS OPEN: every program on this machine can read and write every database. \
                 For development only; give --jwt-secret-file to ask for tokens."
            );
        }
    }
}

fn router(shared: Arc<Shared>) -> Router {
    let routes = Router::new()
        .route("/v1/sync/{database}", get(upgrade::sync))
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready));
    let routes = match &shared.config.static_files {
        Some(folder) => routes.fallback_service(ServeDir::new(folder)),
        None => routes,
    };
    routes.with_state(shared)
}

async fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    let service = TowerToHyperService::new(router(Arc::clone(shared)));
    let places = Arc::new(Semaphore::new(shared.config.limits.connections.saturating_add(SPARE_CONNECTIONS)));
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(shared.config.limits.handshake_timeout());
    loop {
        // The semaphore is never closed; were it, there would be nothing left to serve.
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        prepare(&stream);
        let connection = http.serve_connection(TokioIo::new(stream), service.clone()).with_upgrades();
        let stop = shared.stop.clone();
        shared.connections.spawn(async move {
            let mut connection = pin!(connection);
            let result = tokio::select! {
                result = connection.as_mut() => result,
                () = stop.cancelled() => {
                    connection.as_mut().graceful_shutdown();
                    connection.await
                }
            };
            if let Err(error) = result {
                tracing::debug!(%error, "a request could not be served");
            }
            drop(place);
        });
    }
}

fn prepare(stream: &TcpStream) {
    // Acknowledgements are small and awaited. Where the option is missing things are slower, not wrong.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "TCP_NODELAY cannot be set");
    }
}
