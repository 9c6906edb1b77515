//! Metrics, for whoever asks.

use obs_runtime::metric::{Format, exposition};
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};

/// Answers every request with all metrics, one after the other.
pub(crate) fn metrics(listener: &TcpListener) {
    for stream in listener.incoming().flatten() {
        // Whoever hangs up asks again.
        let _ = answer(stream);
    }
}

fn answer(stream: TcpStream) -> std::io::Result<()> {
    let mut format = Format::Text;
    let mut lines = BufReader::new(&stream).lines();
    while let Some(line) = lines.next().transpose()?.filter(|line| !line.is_empty()) {
        let header = line.split_once(':');
        if let Some((name, value)) = header
            && name.eq_ignore_ascii_case("accept")
            && value.contains("application/openmetrics-text")
        {
            format = Format::OpenMetrics;
        }
    }
    let body = exposition(format);
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: {}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        format.content_type(),
        body.len()
    );
    let mut out = &stream;
    out.write_all(head.as_bytes())?;
    out.write_all(&body)
}
