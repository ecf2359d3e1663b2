//! Connections on which an answer can be replaced by bytes that no HTTP library would send.

use std::{
    io,
    net::SocketAddr,
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, ready},
};

use axum::{
    extract::connect_info::Connected,
    serve::{IncomingStream, Listener},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
};

/// What goes out in place of the answer.
pub struct Raw {
    pub bytes: Vec<u8>,
    pub then: Then,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Then {
    Close,
    /// The connection stays open, and nothing more comes.
    Wait,
}

/// A connection's handle for those who answer on it.
#[derive(Clone, Default)]
pub struct Wire(Arc<Shared>);

#[derive(Default)]
struct Shared {
    is_set: AtomicBool,
    raw: Mutex<Option<Raw>>,
}

impl Wire {
    /// Replaces the answer that is about to be written.
    pub fn send_instead(&self, raw: Raw) {
        *self.0.raw.lock().unwrap_or_else(PoisonError::into_inner) = Some(raw);
        self.0.is_set.store(true, Ordering::Release);
    }

    fn take(&self) -> Option<Raw> {
        if !self.0.is_set.load(Ordering::Acquire) {
            return None;
        }
        self.0.raw.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl Connected<IncomingStream<'_, WireListener>> for Wire {
    fn connect_info(stream: IncomingStream<'_, WireListener>) -> Self {
        stream.io().wire.clone()
    }
}

pub struct WireListener(pub TcpListener);

impl Listener for WireListener {
    type Io = WireStream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (WireStream, SocketAddr) {
        let (stream, address) = Listener::accept(&mut self.0).await;
        // A stream's pieces are small. Without this they come late, which is not wrong.
        let _ = stream.set_nodelay(true);
        (WireStream { stream, wire: Wire::default(), replacing: None, sent: 0 }, address)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

pub struct WireStream {
    stream: TcpStream,
    wire: Wire,
    replacing: Option<Raw>,
    sent: usize,
}

impl WireStream {
    /// `None` where nothing is replaced; otherwise what the writer is told once the bytes are out.
    fn poll_replace(&mut self, cx: &mut Context<'_>, offered: usize) -> Poll<Option<io::Result<usize>>> {
        if self.replacing.is_none() {
            self.replacing = self.wire.take();
        }
        let Some(raw) = &self.replacing else { return Poll::Ready(None) };
        while let Some(left) = raw.bytes.get(self.sent..).filter(|left| !left.is_empty()) {
            match ready!(Pin::new(&mut self.stream).poll_write(cx, left)) {
                Ok(written) => self.sent += written,
                Err(error) => return Poll::Ready(Some(Err(error))),
            }
        }
        Poll::Ready(Some(match raw.then {
            Then::Wait => Ok(offered),
            // The server gives a connection up that it cannot write to.
            Then::Close => Err(io::ErrorKind::BrokenPipe.into()),
        }))
    }

    /// Until the other side has had enough.
    fn poll_gone(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let mut ignored = [0; 512];
        loop {
            let mut buffer = ReadBuf::new(&mut ignored);
            let read = ready!(Pin::new(&mut self.stream).poll_read(cx, &mut buffer));
            if read.is_err() || buffer.filled().is_empty() {
                return Poll::Ready(());
            }
        }
    }
}

impl AsyncRead for WireStream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for WireStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &[u8]) -> Poll<io::Result<usize>> {
        match ready!(self.poll_replace(cx, buffer.len())) {
            Some(replaced) => Poll::Ready(replaced),
            None => Pin::new(&mut self.stream).poll_write(cx, buffer),
        }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffers: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let offered = buffers.iter().map(|buffer| buffer.len()).sum();
        match ready!(self.poll_replace(cx, offered)) {
            Some(replaced) => Poll::Ready(replaced),
            None => Pin::new(&mut self.stream).poll_write_vectored(cx, buffers),
        }
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.replacing.as_ref().is_some_and(|raw| raw.then == Then::Wait) {
            ready!(self.poll_gone(cx));
        }
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
