//! An agreement, packed: the form of one at rest.

use super::{
    Agreement, Change, Coming, Consent, Duty, Elsewhere, End, Force, Grant, Ground, Hold, Import, InForce, Incident,
    Notice, Origin, Outside, Party, Pending, Publication, Question, Rare, Reach, Reference, Review, Sent, Signature,
    Signing, Stage, Step, Tight, Track, Version, track,
};
use crate::ids::AgreementId;
use crate::packed::{Lists, Packed, Packing, Unpacking, pack_list, packed_enums, packed_structs};
use crate::policy::Windows;
use track::Amendment;

/// What is asked of an agreement most often, at the front of its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Front {
    pub(crate) id: AgreementId,
    pub(crate) reference: Reference,
    pub(crate) revision: u64,
    pub(crate) barrier: u64,
}

impl Front {
    /// Reads it from the bytes of an agreement.
    pub(crate) fn of(bytes: &[u8]) -> Option<Self> {
        Self::unpack(&mut Unpacking::new(bytes, &Lists::default()))
    }
}

impl Agreement {
    /// What is asked of it most often.
    pub(crate) const fn front(&self) -> Front {
        Front { id: self.id, reference: self.reference, revision: self.revision, barrier: self.barrier }
    }

    /// Its bytes, in the place of what stood in `bytes`.
    pub(crate) fn pack_into(&self, bytes: &mut Vec<u8>, lists: &mut Lists) {
        bytes.clear();
        self.pack(&mut Packing::new(bytes, lists));
    }

    /// The agreement that was packed; none if the bytes are not those of one.
    pub(crate) fn unpacked(bytes: &[u8], lists: &Lists) -> Option<Self> {
        let mut from = Unpacking::new(bytes, lists);
        let agreement = Self::unpack(&mut from)?;
        // Whoever reads an agreement may rely on a version that is the current one.
        (from.is_empty() && !agreement.versions.is_empty()).then_some(agreement)
    }
}

packed_structs! {
    Front { id reference revision barrier }
    Reference { year number }
    Version { number hash header as_signed event by }
    Signature { event at person organisation version role kind datasets standing }
    Question { event by to at due answered }
    Ground { event at code by reach lapses_at derived }
    InForce { version since rests_on }
    Review { event outcome next at }
    Consent { event organisation day at }
    Duty { organisation dataset not_before }
    Step { at from to origin }
    Signing { version approve_by }
    Force { version since amendment }
    End { at reason }
    Amendment { version by class }
    Coming { at event organisation successor confirm }
    Pending { event predecessor successor since overdue }
    Outside { index at change }
    Elsewhere { contested disowned changes coming pending }
    Sent { dataset event on too_often }
    Publication { event decision exemption look_again withheld }
    Import { event emergency by signed_elsewhere_on gaps }
    Incident { event by key status at }
    Hold { event by reason datasets at }
    Grant { event reader pointers by from until }
    Notice { event day at }
    Party { organisation state accepted imported joins left_at notice row }
    Windows { approve_by_days idle_days emergency_days_max withhold_months_max emergency_advice_days }
}

packed_enums! {
    Stage {
        0 Filed {}
        1 Clarifying { counter counter }
        2 Negotiating { counter counter }
        3 Approving { 0 signing }
        4 Approved { signing signing formed_at formed_at }
        5 Active { 0 force }
        6 Suspended { 0 force }
        7 Ending { 0 end }
        8 Closed { end end at at }
        9 Refused { at at by by }
        10 Withdrawn { at at }
        11 Lapsed { at at }
    }
    Track {
        0 None {}
        1 Proposed { amendment amendment counter counter }
        2 Approving { amendment amendment approve_by approve_by }
        3 Pending { amendment amendment approve_by approve_by agreed_at agreed_at }
    }
    Reach {
        0 Whole {}
        1 Party { 0 organisation }
        2 Datasets { 0 datasets }
    }
    Origin {
        0 Event { id id event_type event_type organisation organisation role role }
        1 Derived { change change organisation organisation }
    }
    Change {
        0 Left { organisation organisation from from }
        1 Succession {
            event event predecessor predecessor successor successor from from confirm confirm
        }
        2 Objected { event event }
        3 Contest { by by contested contested disowned disowned }
    }
}

impl<T: Packed> Packed for Rare<T> {
    fn pack(&self, to: &mut Packing<'_>) {
        pack_list(self, to);
    }

    fn unpack(from: &mut Unpacking<'_>) -> Option<Self> {
        Vec::unpack(from).map(Self::from)
    }
}

impl<T: Packed> Packed for Tight<T> {
    fn pack(&self, to: &mut Packing<'_>) {
        pack_list(self, to);
    }

    fn unpack(from: &mut Unpacking<'_>) -> Option<Self> {
        Vec::unpack(from).map(Self::from)
    }
}

/// The members of an agreement, those of its [`Front`] first.
macro_rules! agreement {
    ($($member:ident)*) => {
        packed_structs! { Agreement { id reference revision barrier $($member)* } }
    };
}
agreement! {
    filed_at filer filed_by requesting stage draft versions parties signatures questions grounds duties holds
    incidents sent led_by documents grants consents in_force review history elsewhere publication import windows
    moved_at changed_at due_at
}

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
mod tests {
    use super::*;
    use crate::replay::Replay;

    const ENTRIES: &str = include_str!("../../tests/golden/rules-1/entries.ndjson");

    #[test]
    fn an_agreement_comes_back_from_its_bytes_and_from_no_others() {
        let mut replay = Replay::new();
        for line in ENTRIES.lines() {
            replay.next_bytes(line.as_bytes()).unwrap();
        }
        let (mut lists, mut bytes, mut seen) = (Lists::default(), vec![7, 7, 7], 0);
        for agreement in replay.state.agreements() {
            // What stood in the place before is gone.
            agreement.pack_into(&mut bytes, &mut lists);
            assert_eq!(Agreement::unpacked(&bytes, &lists).as_ref(), Some(&*agreement));
            assert_eq!(Front::of(&bytes), Some(agreement.front()));
            assert_eq!(Agreement::unpacked(&bytes[..bytes.len() - 1], &lists), None);
            assert_eq!(Agreement::unpacked(&[&bytes[..], &[0]].concat(), &lists), None);
            // One without a version is none.
            let mut none = agreement.clone().into_owned();
            none.versions = Tight::default();
            let mut other = Vec::new();
            none.pack_into(&mut other, &mut lists);
            assert_eq!(Agreement::unpacked(&other, &lists), None);
            seen += 1;
        }
        assert!(seen > 5, "{seen}");
    }
}
