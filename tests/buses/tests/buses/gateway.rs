//! What stands in front of a broker or an endpoint that speaks neither TLS nor SASL, and sees what goes through: TLS with
//! a certificate of ours, logins of Kafka, and the codecs of batches.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Error, ErrorKind, Result};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio_rustls::TlsAcceptor;

use crate::login::{Login, Server};

/// Requests of Kafka by their numbers.
const PRODUCE: i16 = 0;
const FETCH: i16 = 1;
const METADATA: i16 = 3;
const COORDINATOR: i16 = 10;
const HANDSHAKE: i16 = 17;
const VERSIONS: i16 = 18;
const AUTHENTICATE: i16 = 36;

/// A frame that is larger is none.
const LARGEST: usize = 100 << 20;

/// What goes through it.
#[derive(Clone)]
pub(crate) enum Inside {
    /// Whatever it is.
    Bytes,
    /// Kafka, after this login if one is asked for.
    Kafka(Option<Login>),
}

/// Which way a batch went.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Way {
    There,
    Back,
}

pub(crate) struct Gateway {
    pub(crate) port: u16,
    codecs: Codecs,
    /// Dropped, it tells the thread to end.
    _ends: oneshot::Sender<()>,
}

/// The numbers of codecs, by the way of the batches.
type Codecs = Arc<Mutex<BTreeSet<(Way, u8)>>>;

#[derive(Clone)]
struct Door {
    to: u16,
    port: u16,
    inside: Inside,
    codecs: Codecs,
}

impl Gateway {
    /// One that leads to a port of 127.0.0.1.
    pub(crate) fn new(to: u16, tls: Option<TlsAcceptor>, inside: Inside) -> Gateway {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let port = listener.local_addr().unwrap().port();
        let codecs = Codecs::default();
        let door = Door {
            to,
            port,
            inside,
            codecs: Arc::clone(&codecs),
        };
        let (ends, ended) = oneshot::channel::<()>();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_io()
                .build()
                .unwrap();
            runtime.block_on(async move {
                let listener = TcpListener::from_std(listener).unwrap();
                let serves = async {
                    while let Ok((stream, _)) = listener.accept().await {
                        let (door, tls) = (door.clone(), tls.clone());
                        // Whoever is turned away hears it from his side alone.
                        tokio::spawn(async move {
                            match tls {
                                Some(tls) => door.open(tls.accept(stream).await?).await,
                                None => door.open(stream).await,
                            }
                        });
                    }
                };
                tokio::select! {
                    () = serves => {}
                    _ = ended => {}
                }
            });
        });
        Gateway {
            port,
            codecs,
            _ends: ends,
        }
    }

    /// The codecs of all batches that went through.
    pub(crate) fn codecs(&self) -> BTreeSet<(Way, u8)> {
        let codecs = self.codecs.lock().unwrap_or_else(PoisonError::into_inner);
        codecs.clone()
    }
}

impl Door {
    async fn open<S: AsyncRead + AsyncWrite + Unpin>(self, mut from: S) -> Result<()> {
        let mut to = TcpStream::connect(("127.0.0.1", self.to)).await?;
        match &self.inside {
            Inside::Bytes => {
                tokio::io::copy_bidirectional(&mut from, &mut to).await?;
                Ok(())
            }
            Inside::Kafka(login) => {
                if let Some(login) = login {
                    log_in(&mut from, &mut to, login).await?;
                }
                self.pass(from, to).await
            }
        }
    }

    /// Frames in both directions, until one side ends.
    async fn pass<S: AsyncRead + AsyncWrite>(&self, from: S, to: TcpStream) -> Result<()> {
        let (mut asks, mut hears) = tokio::io::split(from);
        let (mut answers, mut does) = tokio::io::split(to);
        // What was asked by each number.
        let asked: Mutex<BTreeMap<[u8; 4], i16>> = Mutex::default();
        let lock = || asked.lock().unwrap_or_else(PoisonError::into_inner);
        let there = async {
            loop {
                let frame = read(&mut asks).await?;
                let (kind, number) = head(&frame)?;
                lock().insert(number, kind);
                if kind == PRODUCE {
                    self.note(Way::There, &frame);
                }
                write(&mut does, &frame).await?;
            }
        };
        let back = async {
            loop {
                let mut frame = read(&mut answers).await?;
                let number = frame.first_chunk().ok_or(ErrorKind::InvalidData)?;
                match lock().remove(number) {
                    Some(FETCH) => self.note(Way::Back, &frame),
                    Some(METADATA | COORDINATOR) => self.lead_here(&mut frame),
                    _ => {}
                }
                write(&mut hears, &frame).await?;
            }
        };
        tokio::select! {
            ended = there => ended,
            ended = back => ended,
        }
    }

    /// Keeps the codecs of the batches in a frame: version 2, whose length fits into what is there.
    fn note(&self, way: Way, frame: &[u8]) {
        let mut rest = frame;
        while let Some(batch) = rest.first_chunk::<23>() {
            let number = |at: usize| batch[at..at + 4].try_into().map(i32::from_be_bytes);
            let length = number(8)
                .ok()
                .and_then(|length| usize::try_from(length).ok());
            let fits = length.is_some_and(|length| (49..=rest.len() - 12).contains(&length));
            // What is no batch has no epoch of -1 or 0 in front of a 2, nor attributes this small.
            let epoch = number(12).is_ok_and(|epoch| (-1..16).contains(&epoch));
            if fits && epoch && batch[16] == 2 && batch[21] == 0 && batch[22] < 64 {
                let mut codecs = self.codecs.lock().unwrap_or_else(PoisonError::into_inner);
                codecs.insert((way, batch[22] & 7));
                rest = &rest[12 + length.unwrap_or_default()..];
            } else {
                rest = &rest[1..];
            }
        }
    }

    /// Whoever asks where a broker is hears that it is here.
    fn lead_here(&self, frame: &mut [u8]) {
        let place = |port: u16| [&b"127.0.0.1"[..], &i32::from(port).to_be_bytes()].concat();
        let (there, here) = (place(self.to), place(self.port));
        for at in 0..frame.len().saturating_sub(there.len() - 1) {
            if frame[at..].starts_with(&there) {
                frame[at..at + here.len()].copy_from_slice(&here);
            }
        }
    }
}

/// Answers in place of the broker until somebody has logged in; who has not gets nothing.
async fn log_in<S: AsyncRead + AsyncWrite + Unpin>(
    from: &mut S,
    to: &mut TcpStream,
    login: &Login,
) -> Result<()> {
    let mut server = Server::new(login);
    while !server.has_logged_in() {
        let frame = read(from).await?;
        let (kind, number) = head(&frame)?;
        let version = frame[3];
        // The name of the client is behind the number.
        let name = frame.get(8..10).map_or(0, |of| usize::from(of[1]));
        let body = frame.get(10 + name..).unwrap_or_default();
        let answer = match kind {
            VERSIONS => {
                write(to, &frame).await?;
                with_sasl(&read(to).await?, version)
            }
            HANDSHAKE => [&number[..], &server.handshake(body)].concat(),
            AUTHENTICATE => [&number[..], &server.authenticate(body)].concat(),
            _ => return Err(ErrorKind::PermissionDenied.into()),
        };
        write(from, &answer).await?;
    }
    Ok(())
}

/// The list of what a broker can do, with the two that are for logins.
fn with_sasl(answer: &[u8], version: u8) -> Vec<u8> {
    let more: [[u8; 6]; 2] = [
        [0, HANDSHAKE as u8, 0, 1, 0, 1],
        [0, AUTHENTICATE as u8, 0, 0, 0, 0],
    ];
    // Behind number and error stands how many there are: in a byte with one more, or in four.
    let mut with = answer[..6].to_vec();
    let tags: &[u8] = match version {
        3.. => {
            with.push(answer[6] + 2);
            &[0]
        }
        _ => {
            let count = [answer[6], answer[7], answer[8], answer[9]];
            with.extend((i32::from_be_bytes(count) + 2).to_be_bytes());
            &[]
        }
    };
    let rest = &answer[with.len()..];
    for one in more {
        with.extend(one);
        with.extend(tags);
    }
    with.extend(rest);
    with
}

/// What is asked, and the number of the answer.
fn head(frame: &[u8]) -> Result<(i16, [u8; 4])> {
    let head: &[u8; 8] = frame.first_chunk().ok_or(ErrorKind::InvalidData)?;
    let number = [head[4], head[5], head[6], head[7]];
    Ok((i16::from_be_bytes([head[0], head[1]]), number))
}

async fn read<S: AsyncRead + Unpin>(from: &mut S) -> Result<Vec<u8>> {
    let length = usize::try_from(from.read_i32().await?).map_err(Error::other)?;
    if length > LARGEST {
        return Err(ErrorKind::InvalidData.into());
    }
    let mut frame = vec![0; length];
    from.read_exact(&mut frame).await?;
    Ok(frame)
}

async fn write<S: AsyncWrite + Unpin>(to: &mut S, frame: &[u8]) -> Result<()> {
    let length = i32::try_from(frame.len()).map_err(Error::other)?;
    to.write_all(&[&length.to_be_bytes(), frame].concat())
        .await?;
    to.flush().await
}
