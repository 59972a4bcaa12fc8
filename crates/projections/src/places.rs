//! Where entries are found: by stream, by type and by organisation.

use std::collections::HashMap;

use counterpart_core::event::data::Data;
use counterpart_core::event::{Event, EventType};
use counterpart_core::ids::{OrganisationCode, Stream};

/// What a reader asks for; every member that is there must fit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Events of this stream.
    pub stream: Option<Stream>,
    /// Events of this type.
    pub event_type: Option<EventType>,
    /// Events that this organisation signed or that stand in its stream or in that of one of its keys.
    pub organisation: Option<OrganisationCode>,
}

/// Indexes of entries, each list rising.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Places {
    streams: HashMap<Stream, Vec<u64>>,
    types: HashMap<EventType, Vec<u64>>,
    organisations: HashMap<OrganisationCode, Vec<u64>>,
}

impl Places {
    pub(crate) fn add(&mut self, index: u64, event: &Event) {
        self.streams.entry(event.stream).or_default().push(index);
        self.types.entry(event.event_type()).or_default().push(index);
        let signed = event.signers.iter().map(|signer| signer.organisation);
        for code in signed.chain(concerned(event)) {
            let list = self.organisations.entry(code).or_default();
            if list.last() != Some(&index) {
                list.push(index);
            }
        }
    }

    /// The entries of a stream.
    pub(crate) fn stream(&self, stream: Stream) -> &[u64] {
        self.streams.get(&stream).map_or(&[], Vec::as_slice)
    }

    /// At most `limit` entries from `first` on, below `size`, that fit the filter.
    pub(crate) fn find(&self, filter: &Filter, first: u64, size: u64, limit: usize) -> Vec<u64> {
        let lists: Vec<&[u64]> = [
            filter.stream.map(|stream| self.stream(stream)),
            filter.event_type.map(|name| self.types.get(&name).map_or(&[][..], Vec::as_slice)),
            filter.organisation.map(|code| self.organisations.get(&code).map_or(&[][..], Vec::as_slice)),
        ]
        .into_iter()
        .flatten()
        .collect();
        let Some(shortest) = lists.iter().min_by_key(|list| list.len()) else {
            return (first..size).take(limit).collect();
        };
        let start = shortest.partition_point(|index| *index < first);
        let rest = shortest.get(start..).unwrap_or_default().iter().copied();
        rest.take_while(|index| *index < size)
            .filter(|index| lists.iter().all(|list| list.binary_search(index).is_ok()))
            .take(limit)
            .collect()
    }
}

/// The organisation that an event is about without having signed it.
fn concerned(event: &Event) -> Option<OrganisationCode> {
    if let Stream::Organisation(code) = event.stream {
        Some(code)
    } else if let Data::KeyRegistered(data) = &event.data {
        Some(data.organisation)
    } else {
        None
    }
}
