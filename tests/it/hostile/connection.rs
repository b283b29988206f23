//! The life of a connection: used again, given up when the call is, never trusted once the server has let go.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use socdeck::api::http::HttpTransport;
use socdeck::api::{Call, Method, Path, Product, Transport};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};

use super::server::{PATIENCE, answer, endpoint, read, read_request, send_by};

/// Answers `per_connection` requests on each connection and then closes it, telling so.
async fn keep_alive(
    per_connection: usize,
) -> (String, Arc<AtomicUsize>, mpsc::UnboundedReceiver<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let connections = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&connections);
    let (closed, closings) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            counter.fetch_add(1, Ordering::SeqCst);
            let closed = closed.clone();
            tokio::spawn(async move {
                for _ in 0..per_connection {
                    if read_request(&mut stream).await.is_none() {
                        return;
                    }
                    stream.write_all(&answer(200, "", b"{}")).await.unwrap();
                }
                stream.shutdown().await.unwrap();
                // the client has seen the end when it closes its own side
                assert_eq!(stream.read(&mut [0]).await.unwrap_or(0), 0);
                closed.send(()).ok();
            });
        }
    });
    (url, connections, closings)
}

#[tokio::test]
async fn a_connection_is_used_again() {
    let (url, connections, _closings) = keep_alive(3).await;
    let transport = HttpTransport::new([(Product::Arcanna, endpoint(Product::Arcanna, &url))]);
    for _ in 0..3 {
        send_by(&transport, &read(Product::Arcanna)).await.unwrap();
    }
    assert_eq!(connections.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_write_is_never_lost_on_a_connection_the_server_has_closed() {
    let (url, connections, mut closings) = keep_alive(1).await;
    let transport = HttpTransport::new([(Product::Arcanna, endpoint(Product::Arcanna, &url))]);
    let write =
        Call::new(Product::Arcanna, "some write", Method::Post, Path::fixed("/api/v1/train"));
    for _ in 0..5 {
        send_by(&transport, &write).await.unwrap();
        tokio::time::timeout(PATIENCE, closings.recv())
            .await
            .expect("the client kept a closed connection");
    }
    assert_eq!(connections.load(Ordering::SeqCst), 5);
}

#[tokio::test]
async fn dropping_a_call_closes_its_connection() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (asked, was_asked) = oneshot::channel();
    let (gone, is_gone) = oneshot::channel();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        read_request(&mut stream).await.unwrap();
        asked.send(()).unwrap();
        let rest = stream.read(&mut [0]).await.unwrap_or(0);
        gone.send(rest).unwrap();
    });
    let transport = HttpTransport::new([(Product::Arcanna, endpoint(Product::Arcanna, &url))]);
    let call = tokio::spawn(transport.send(&read(Product::Arcanna)));
    was_asked.await.unwrap();
    call.abort();
    let rest = tokio::time::timeout(PATIENCE, is_gone).await;
    assert_eq!(rest.expect("the connection stayed open").unwrap(), 0);
}
