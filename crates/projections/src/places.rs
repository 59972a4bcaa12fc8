//! Where entries are found: by stream, by type and by organisation.

use std::collections::HashMap;

use counterpart_core::event::data::Data;
use counterpart_core::event::{Event, EventType};
use counterpart_core::ids::{AgreementId, OrganisationCode, Stream};
use serde::{Deserialize, Serialize};

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
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Places {
    streams: HashMap<Stream, Vec<u64>>,
    types: HashMap<EventType, Vec<u64>>,
    organisations: HashMap<OrganisationCode, Vec<u64>>,
    /// Bodies that were invited to an agreement by an event of its own, or asked to join it.
    named: HashMap<(AgreementId, OrganisationCode), Vec<u64>>,
}

impl Places {
    pub(crate) fn add(&mut self, index: u64, event: &Event) {
        self.streams.entry(event.stream).or_default().push(index);
        self.types.entry(event.event_type()).or_default().push(index);
        if let Stream::Agreement(id) = event.stream
            && let Data::PartyInvited(_) | Data::AccessionRequested(_) = &event.data
        {
            for row in event.data.party_rows() {
                self.named.entry((id, row.organisation)).or_default().push(index);
            }
        }
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

    /// The newest entry of a type in a stream, below `size`.
    pub(crate) fn last_of(&self, stream: Stream, event_type: EventType, size: u64) -> Option<u64> {
        let of_type = self.types.get(&event_type)?;
        let below = self.stream(stream).iter().rev().filter(|index| **index < size);
        below.copied().find(|index| of_type.binary_search(index).is_ok())
    }

    /// The newest entry below `size` by which a body was named in an agreement.
    pub(crate) fn named(&self, id: AgreementId, organisation: OrganisationCode, size: u64) -> Option<u64> {
        self.named.get(&(id, organisation))?.iter().rev().copied().find(|index| *index < size)
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
