//! Server-sent events (WHATWG HTML §9.2), read piece by piece. Only `data` counts here.

/// Collects the data of events out of bytes that arrive in any pieces.
#[derive(Default)]
pub(crate) struct EventReader {
    line: Vec<u8>,
    data: Option<Vec<u8>>,
    after_cr: bool,
    begun: bool,
}

impl EventReader {
    /// The data of each event that these bytes complete.
    pub(crate) fn feed(&mut self, bytes: &[u8]) -> Vec<Vec<u8>> {
        let mut events = Vec::new();
        for &byte in bytes {
            let line_feed_of_pair = byte == b'\n' && std::mem::take(&mut self.after_cr);
            self.after_cr = byte == b'\r';
            match byte {
                _ if line_feed_of_pair => {}
                b'\r' | b'\n' => events.extend(self.end_line()),
                _ => self.line.push(byte),
            }
        }
        events
    }

    /// What the end of the connection completes: servers forget the last empty line.
    pub(crate) fn finish(mut self) -> Option<Vec<u8>> {
        if !self.line.is_empty() {
            self.end_line();
        }
        self.data
    }

    fn end_line(&mut self) -> Option<Vec<u8>> {
        let line = std::mem::take(&mut self.line);
        let mut line = line.as_slice();
        if !std::mem::replace(&mut self.begun, true) {
            line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
        }
        if line.is_empty() {
            return self.data.take();
        }
        if let Some(value) = line.strip_prefix(b"data:") {
            let value = value.strip_prefix(b" ").unwrap_or(value);
            match &mut self.data {
                Some(data) => {
                    data.push(b'\n');
                    data.extend_from_slice(value);
                }
                None => self.data = Some(value.to_vec()),
            }
        }
        None
    }
}

/// The data of every event of a whole body.
pub(crate) fn events_of(body: &[u8]) -> Vec<Vec<u8>> {
    let mut reader = EventReader::default();
    let mut events = reader.feed(body);
    events.extend(reader.finish());
    events
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_the_same_in_any_pieces() {
        for (body, expected) in [
            ("data: a\n\ndata: b\n\n", vec!["a", "b"]),
            ("\u{feff}data:a\r\n\r\ndata: b\r\rdata: c", vec!["a", "b", "c"]),
            (": comment\nevent: x\nid: 1\ndata: a\ndata:  b\n\n", vec!["a\n b"]),
            ("data: a\n\n\n\n\ndata:\n\n", vec!["a", ""]),
            ("event: x\n\n", vec![]),
            ("<html>\n\n", vec![]),
            ("", vec![]),
        ] {
            for split in 1..=body.len().max(1) {
                let mut reader = EventReader::default();
                let mut events: Vec<Vec<u8>> = body.as_bytes().chunks(split).flat_map(|c| reader.feed(c)).collect();
                events.extend(reader.finish());
                let expected: Vec<&[u8]> = expected.iter().map(|e| e.as_bytes()).collect();
                assert_eq!(events, expected, "{body:?} in pieces of {split}");
            }
        }
    }
}
