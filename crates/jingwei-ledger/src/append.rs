//! Appending with group commit: callers that wait together share one write and one sync.

use std::{
    collections::HashMap,
    ops::Range,
    sync::{Condvar, Mutex, PoisonError},
};

use jingwei_core::Digest;

use crate::{
    error::LedgerError,
    ledger::{FrameRef, Ledger, lock},
    merkle::leaf_hash,
    storage::StorageFile,
    tiles::{MAX_ENTRY_BYTES, push_entry},
    wal::{MAX_PAYLOAD, push_frame, segment_len},
};

/// A group is closed when it has this many bytes; the callers behind it go into the next one.
const GROUP_BYTES: usize = 8 << 20;

/// Appends that wait for a commit, and outcomes that wait for their callers.
#[derive(Default)]
pub(crate) struct Queue {
    state: Mutex<QueueState>,
    changed: Condvar,
}

#[derive(Default)]
struct QueueState {
    waiting: Vec<Request>,
    done: HashMap<u64, Result<Range<u64>, LedgerError>>,
    next_ticket: u64,
    /// A caller is committing for the others.
    led: bool,
}

struct Request {
    ticket: u64,
    count: u32,
    payload: Vec<u8>,
    leaves: Vec<Digest>,
}

/// The end of the segment that is being written.
pub(crate) struct Writer {
    pub segment: u64,
    pub file: Box<dyn StorageFile>,
    /// End of the last frame.
    pub end: u64,
    /// Length of the file.
    pub len: u64,
    pub size: u64,
    pub buffer: Vec<u8>,
}

impl Ledger {
    /// Adds entries, all or none, and returns their indices. They are on disk when it returns. Many threads may
    /// call it at once; the more do, the more entries share one sync.
    ///
    /// # Errors
    /// After a failed write or sync the ledger takes no more writes until it is opened again. The entries of
    /// the failed call may or may not be there then; those of calls that returned are.
    pub fn append<E: AsRef<[u8]>>(&self, entries: &[E]) -> Result<Range<u64>, LedgerError> {
        let request = encode(entries)?;
        self.check_going()?;
        if request.count == 0 {
            let size = self.size();
            return Ok(size..size);
        }
        let queue = &self.queue;
        let mut state = lock(&queue.state);
        let ticket = state.next_ticket;
        state.next_ticket += 1;
        state.waiting.push(Request { ticket, ..request });
        loop {
            if let Some(outcome) = state.done.remove(&ticket) {
                return outcome;
            }
            if state.led {
                state = queue.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            state.led = true;
            let group = take_group(&mut state.waiting);
            drop(state);
            let outcome = self.commit(&group);
            state = lock(&queue.state);
            state.led = false;
            state.done.extend(hand_out(&group, outcome));
            queue.changed.notify_all();
        }
    }

    /// Writes and syncs one frame, then shows its entries. Gives the index of the first one.
    fn commit(&self, group: &[Request]) -> Result<u64, LedgerError> {
        let mut writer = lock(&self.writer);
        self.check_going()?;
        let frame = self.stop_on_error(writer.write(group, self))?;
        self.change_shown(|shown| {
            for leaf in group.iter().flat_map(|request| &request.leaves) {
                let Ok(()) = shown.frontier.push(*leaf, |_, _| Ok::<(), std::convert::Infallible>(()));
            }
            shown.frames.push(frame);
        });
        Ok(frame.first)
    }
}

impl Writer {
    fn write(&mut self, group: &[Request], ledger: &Ledger) -> Result<FrameRef, LedgerError> {
        let count = group.iter().map(|request| request.count).sum();
        let payload: Vec<&[u8]> = group.iter().map(|request| request.payload.as_slice()).collect();
        self.buffer.clear();
        push_frame(&mut self.buffer, self.size, count, &payload);
        let end = self.end + u64::try_from(self.buffer.len()).unwrap_or(u64::MAX);
        let len = segment_len(end);
        if len > self.len {
            // The file grows with the frame: zeros up to its new length go into the same write.
            self.buffer.resize(usize::try_from(len - self.end).unwrap_or(usize::MAX), 0);
        }
        let path = ledger.folder.path(&crate::wal::segment_name(self.segment));
        self.file.write_at(self.end, &self.buffer).map_err(|e| LedgerError::io(&path, "written", e))?;
        self.file.sync_data().map_err(|e| LedgerError::io(&path, "synced", e))?;
        let payload_len = payload.iter().map(|part| part.len()).sum::<usize>();
        let frame = FrameRef {
            segment: self.segment,
            first: self.size,
            offset: self.end + crate::wal::FIRST_FRAME,
            len: u64::try_from(payload_len).unwrap_or(u64::MAX),
        };
        self.end = end;
        self.len = len.max(self.len);
        self.size += u64::from(count);
        Ok(frame)
    }
}

/// Checks and encodes what one call brings. Hashing happens here, in the caller's own thread.
fn encode<E: AsRef<[u8]>>(entries: &[E]) -> Result<Request, LedgerError> {
    let mut bytes = 0_usize;
    for (position, entry) in entries.iter().enumerate() {
        let len = entry.as_ref().len();
        if len > MAX_ENTRY_BYTES {
            return Err(LedgerError::EntryTooLarge { position, bytes: len });
        }
        bytes = bytes.saturating_add(2 + len);
    }
    if bytes > MAX_PAYLOAD {
        return Err(LedgerError::BatchTooLarge { bytes, limit: MAX_PAYLOAD });
    }
    let mut payload = Vec::with_capacity(bytes);
    entries.iter().for_each(|entry| push_entry(&mut payload, entry.as_ref()));
    let leaves = entries.iter().map(|entry| leaf_hash(entry.as_ref())).collect();
    let count = u32::try_from(entries.len()).map_err(|_| LedgerError::BatchTooLarge { bytes, limit: MAX_PAYLOAD })?;
    Ok(Request { ticket: 0, count, payload, leaves })
}

/// The oldest waiting requests, at least one, up to [`GROUP_BYTES`].
fn take_group(waiting: &mut Vec<Request>) -> Vec<Request> {
    let mut bytes = 0;
    let fits = |request: &Request| {
        bytes += request.payload.len();
        bytes <= GROUP_BYTES
    };
    let many = waiting.iter().map(fits).take_while(|fits| *fits).count().max(1).min(waiting.len());
    waiting.drain(..many).collect()
}

/// Every caller of a group gets its own indices, or the one error.
fn hand_out(
    group: &[Request],
    outcome: Result<u64, LedgerError>,
) -> impl Iterator<Item = (u64, Result<Range<u64>, LedgerError>)> {
    let mut next = outcome;
    group.iter().map(move |request| {
        let range = next.clone().map(|first| first..first + u64::from(request.count));
        if let Ok(range) = &range {
            next = Ok(range.end);
        }
        (request.ticket, range)
    })
}
