//! Server-sent events (WHATWG HTML §9.2), read from bytes that may be cut anywhere.

use serde_json::Value;

/// Why bytes are not a usable event stream.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SseFault {
    #[error("an event is larger than {limit} bytes")]
    TooLarge { limit: usize },
    #[error("an event is not UTF-8")]
    NotUtf8,
}

/// One event. Only these two fields matter here.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Event {
    pub name: String,
    pub data: String,
}

/// Collects bytes and gives events as they become whole.
pub(crate) struct SseReader {
    line: Vec<u8>,
    event: Event,
    has_data: bool,
    /// The last byte was CR: a LF that follows belongs to it.
    after_cr: bool,
    at_start: bool,
    limit: usize,
}

impl SseReader {
    pub(crate) fn new(limit: u64) -> Self {
        Self {
            line: Vec::new(),
            event: Event::default(),
            has_data: false,
            after_cr: false,
            at_start: true,
            limit: usize::try_from(limit).unwrap_or(usize::MAX),
        }
    }

    /// The events that end within these bytes. After a fault nothing more can be read.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> Result<Vec<Event>, SseFault> {
        let mut events = Vec::new();
        for &byte in bytes {
            let second_of_crlf = byte == b'\n' && self.after_cr;
            self.after_cr = byte == b'\r';
            match byte {
                b'\n' if second_of_crlf => {}
                b'\n' | b'\r' => events.extend(self.end_line()?),
                _ => {
                    self.line.push(byte);
                    if self.line.len() + self.event.data.len() > self.limit {
                        return Err(SseFault::TooLarge { limit: self.limit });
                    }
                }
            }
        }
        Ok(events)
    }

    /// Whether bytes came after the last whole event: the stream was cut.
    pub(crate) fn is_cut(&self) -> bool {
        !self.line.is_empty() || self.has_data
    }

    fn end_line(&mut self) -> Result<Option<Event>, SseFault> {
        let line = std::mem::take(&mut self.line);
        let line = String::from_utf8(line).map_err(|_| SseFault::NotUtf8)?;
        let first = std::mem::take(&mut self.at_start);
        let line = line.strip_prefix('\u{feff}').filter(|_| first).unwrap_or(&line);
        if line.is_empty() {
            let event = std::mem::take(&mut self.event);
            return Ok(std::mem::take(&mut self.has_data).then_some(event));
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "data" => {
                if self.has_data {
                    self.event.data.push('\n');
                }
                self.event.data.push_str(value);
                self.has_data = true;
            }
            "event" => self.event.name = value.to_owned(),
            _ => {} // comments and fields that say how to reconnect
        }
        Ok(None)
    }
}

/// The mark at the end of a stream of chat completion chunks.
pub(crate) const DONE: &str = "data: [DONE]\n\n";

/// One event with a JSON document, which holds no line end.
pub(crate) fn data_event(document: &Value) -> String {
    format!("data: {document}\n\n")
}

pub(crate) fn error_event(error: &Value) -> String {
    format!("event: error\ndata: {{\"error\":{error}}}\n\n")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(pieces: &[&[u8]], limit: u64) -> Result<(Vec<Event>, bool), SseFault> {
        let mut reader = SseReader::new(limit);
        let mut events = Vec::new();
        for piece in pieces {
            events.extend(reader.push(piece)?);
        }
        Ok((events, reader.is_cut()))
    }

    fn check(text: &str, expected: &[(&str, &str)], cut: bool) {
        let events: Vec<Event> =
            expected.iter().map(|(n, d)| Event { name: (*n).to_owned(), data: (*d).to_owned() }).collect();
        assert_eq!(read(&[text.as_bytes()], 100), Ok((events, cut)), "{text:?}");
    }

    #[test]
    fn events_are_read() {
        check("data: a\n\n", &[("", "a")], false);
        check("data:a\r\n\r\ndata: b\r\r", &[("", "a"), ("", "b")], false);
        check("\u{feff}data: 经纬\n\n", &[("", "经纬")], false);
        check(": ping\n\nevent: error\nid: 1\nretry: 5\ndata: x\ndata:  y\n\n", &[("error", "x\n y")], false);
        check("data\n\n", &[("", "")], false);
        check("event: lonely\n\ndata: a\n\n", &[("", "a")], false);
        check("\n\n\n", &[], false);
        check("data: a\n", &[], true);
        check("data: [DO", &[], true);
        check("", &[], false);
    }

    #[test]
    fn hostile_streams_have_names() {
        assert_eq!(read(&[&[b'x'; 101]], 100), Err(SseFault::TooLarge { limit: 100 }));
        assert_eq!(read(&["data: 12345678\n".repeat(20).as_bytes()], 100), Err(SseFault::TooLarge { limit: 100 }));
        assert_eq!(read(&[b"data: \xff\n"], 100), Err(SseFault::NotUtf8));
        assert_eq!(read(&[b"data: \xe7\xbb\n"], 100), Err(SseFault::NotUtf8));
    }

    proptest! {
        #[test]
        fn every_cut_gives_the_same_events(
            text in "(data: ?|event: |: |\u{feff}|[a经]|\n|\r|\r\n|[0-9]){0,40}",
            cuts in proptest::collection::vec(0_usize..200, 0..20),
        ) {
            let bytes = text.as_bytes();
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(bytes.len())).collect();
            cuts.extend([0, bytes.len()]);
            cuts.sort_unstable();
            let pieces: Vec<&[u8]> = cuts.windows(2).map(|w| &bytes[w[0]..w[1]]).collect();
            prop_assert_eq!(read(&pieces, 1_000), read(&[bytes], 1_000));
        }
    }
}
