//! Where a bus is.

use crate::span::Value;

/// The server that a bus speaks to: `server.address` and `server.port` of spans, and of the families of the messaging
/// conventions.
///
/// ```
/// use obs_runtime::bus::Server;
///
/// let server = Server::at("broker-1:9092,broker-2:9092", 9092).expect("it names one");
/// assert_eq!((server.address(), server.port()), ("broker-1", 9092));
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Server {
    address: Box<str>,
    port: u16,
}

impl Server {
    /// A host, by its name or its address, and its port.
    #[must_use]
    pub fn new(address: &str, port: u16) -> Server {
        Server {
            address: address.into(),
            port,
        }
    }

    /// The one that the address of a bus names: `host`, `host:port`, `[::1]:port`, with a scheme and a user, which are
    /// left out, or without. The first of several with commas between stands for all of them.
    #[must_use]
    pub fn at(place: &str, usual: u16) -> Option<Server> {
        let first = place.split(',').next()?.trim();
        let first = first.split_once("://").map_or(first, |(_, rest)| rest);
        let first = first.split(['/', '?', '#']).next()?;
        let first = first.rsplit_once('@').map_or(first, |(_, host)| host);
        let (address, port) = match first.strip_prefix('[').and_then(|it| it.split_once(']')) {
            Some((address, "")) => (address, None),
            Some((address, rest)) => (address, Some(rest.strip_prefix(':')?)),
            // More than one colon is an address without a port.
            None => match first.split_once(':') {
                Some((host, port)) if !port.contains(':') => (host, Some(port)),
                _ => (first, None),
            },
        };
        let port = port.map_or(Some(usual), |port| port.parse().ok())?;
        (!address.is_empty()).then(|| Server::new(address, port))
    }

    /// The host.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }
}

/// What telemetry says of a bus.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Place {
    pub(crate) system: &'static str,
    pub(crate) server: Option<Server>,
}

impl Place {
    /// The same as attributes of spans, for as long as the program runs.
    pub(crate) fn said(&self) -> Vec<(&'static str, Value<'static>)> {
        let mut said = vec![("messaging.system", Value::Text(self.system))];
        if let Some(server) = &self.server {
            said.push((
                "server.address",
                Value::Text(Box::leak(server.address.clone())),
            ));
            said.push(("server.port", Value::Int(server.port.into())));
        }
        said
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_name_a_server_without_its_user() {
        for (place, expected) in [
            ("localhost", Some(("localhost", 1))),
            ("broker-1:9092, broker-2:9093", Some(("broker-1", 9092))),
            ("PLAINTEXT://broker:9092", Some(("broker", 9092))),
            ("ada:p%40ss@nats-1:4222,nats-2", Some(("nats-1", 4222))),
            (
                "https://ada:secret@shop.example/events?x=a:b@c",
                Some(("shop.example", 1)),
            ),
            ("[::1]:9092", Some(("::1", 9092))),
            ("[::1]", Some(("::1", 1))),
            ("fe80::1", Some(("fe80::1", 1))),
            ("", None),
            (":9092", None),
            ("broker:port", None),
            ("[::1]x", None),
            (" ,broker", None),
        ] {
            let found = Server::at(place, 1);
            let found = found.as_ref().map(|it| (it.address(), it.port()));
            assert_eq!(found, expected, "{place}");
        }
    }
}
