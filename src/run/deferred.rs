//! A transport that is made while the first frame is already on the screen: finding secrets may run commands and take
//! seconds. Calls wait for it; a product that cannot be asked fails with the reason.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use tokio::sync::OnceCell;

use crate::api::error::Class;
use crate::api::http::HttpTransport;
use crate::api::{ApiError, Call, Cause, Product, Sending, Transport};

/// The transport, and why a product has none.
pub struct Ready {
    /// Sends calls of the products that can be asked.
    pub transport: HttpTransport,
    /// Products that cannot be asked: the class of the reason, and the reason.
    pub missing: Vec<(Product, Class, String)>,
}

/// Makes the transport; run once, at the first call.
pub type Connected = Pin<Box<dyn Future<Output = Ready> + Send>>;

/// See the module.
pub struct Deferred {
    inner: Arc<Inner>,
}

struct Inner {
    ready: OnceCell<Ready>,
    connect: tokio::sync::Mutex<Option<Connected>>,
}

impl Deferred {
    /// A transport that `connect` makes.
    pub fn new(connect: Connected) -> Self {
        Self {
            inner: Arc::new(Inner {
                ready: OnceCell::new(),
                connect: tokio::sync::Mutex::new(Some(connect)),
            }),
        }
    }
}

impl Inner {
    async fn ready(&self) -> &Ready {
        self.ready
            .get_or_init(|| async {
                // Kept outside the cell until it is done: a caller that is cancelled half way must not lose it.
                let mut connect = self.connect.lock().await;
                let ready = match connect.as_mut() {
                    Some(connect) => connect.as_mut().await,
                    None => Ready { transport: HttpTransport::new([]), missing: Vec::new() },
                };
                *connect = None;
                ready
            })
            .await
    }
}

impl Transport for Deferred {
    fn send(&self, call: &Call) -> Sending {
        let (inner, call) = (Arc::clone(&self.inner), call.clone());
        Box::pin(async move {
            let ready = inner.ready().await;
            if let Some((_, class, why)) =
                ready.missing.iter().find(|(product, ..)| *product == call.product)
            {
                let cause = match class {
                    Class::Credentials => Cause::Credentials(why.clone()),
                    _ => Cause::Misconfigured(why.clone()),
                };
                return Err(ApiError::of(&call, cause));
            }
            ready.transport.send(&call).await
        })
    }
}
