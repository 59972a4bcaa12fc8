//! The closed code lists of events.

use crate::ids::codes;

codes! {
    /// Who may read the entries (wire.md 1, rule 4).
    Visibility {
        /// Everybody.
        Open = "OPEN",
        /// Those who are signed in.
        Closed = "CLOSED",
    }
}

codes! {
    /// Where a private key lives.
    Custody {
        /// In hardware.
        Hardware = "HARDWARE",
        /// In a file.
        Software = "SOFTWARE",
        /// In a browser.
        Browser = "BROWSER",
        /// In a page that the ledger served.
        ServedPage = "SERVED_PAGE",
        /// In a demonstration: it binds nobody.
        Demonstration = "DEMONSTRATION",
    }
}

codes! {
    /// Why a key ends.
    KeyEnd {
        /// Lost.
        Lost = "LOST",
        /// Replaced.
        Replaced = "REPLACED",
        /// No longer needed.
        Ended = "ENDED",
    }
}

codes! {
    /// Why an organisation is suspended.
    OrganisationSuspensionReason {
        /// It asked.
        Requested = "REQUESTED",
        /// Its keys or people may not be its own.
        Security = "SECURITY",
        /// It broke the rules of the ledger.
        Conduct = "CONDUCT",
        /// An order.
        Order = "ORDER",
    }
}

codes! {
    /// What a triage comes to.
    TriageOutcome {
        /// Taken up.
        Accepted = "ACCEPTED",
        /// Sent back with questions.
        Returned = "RETURNED",
    }
}

codes! {
    /// Who advises.
    AdviceKind {
        /// Data protection officer.
        Dpo = "DPO",
        /// Legal adviser.
        Lgl = "LGL",
        /// Caldicott Guardian.
        Cg = "CG",
        /// Security lead.
        Sec = "SEC",
    }
}

codes! {
    /// How a version is declined.
    DeclineKind {
        /// Back for changes.
        Return = "RETURN",
        /// For good.
        Final = "FINAL",
    }
}

codes! {
    /// Grounds of suspension (CL-SUSP).
    SuspensionGround {
        /// An incident.
        Incident = "INCIDENT",
        /// The law changed.
        LegalChange = "LEGAL_CHANGE",
        /// The impact assessment is out of date.
        DpiaOutOfDate = "DPIA_OUT_OF_DATE",
        /// The regulator asked.
        Regulator = "REGULATOR",
        /// Security.
        Security = "SECURITY",
        /// People's rights.
        Rights = "RIGHTS",
        /// A key was compromised.
        KeyCompromise = "KEY_COMPROMISE",
        /// Another.
        Other = "OTHER",
    }
}

codes! {
    /// How far a suspension reaches.
    SuspensionScope {
        /// All parties.
        Whole = "WHOLE",
        /// One party.
        Party = "PARTY",
        /// Some datasets.
        Datasets = "DATASETS",
    }
}

codes! {
    /// Grounds of revocation (CL-REVOKE).
    RevocationGround {
        /// No longer needed.
        NoLongerNeeded = "NO_LONGER_NEEDED",
        /// Policy.
        Policy = "POLICY",
        /// The law changed.
        LegalChange = "LEGAL_CHANGE",
        /// Another party broke the agreement.
        BreachByOther = "BREACH_BY_OTHER",
        /// Sharing would be unlawful.
        Unlawful = "UNLAWFUL",
        /// The regulator ordered it.
        RegulatorOrder = "REGULATOR_ORDER",
        /// A court ordered it.
        CourtOrder = "COURT_ORDER",
    }
}

codes! {
    /// Who may read a note.
    NoteVisibility {
        /// The parties.
        Parties = "PARTIES",
        /// The author's own organisation.
        OwnOrg = "OWN_ORG",
        /// Everybody.
        Public = "PUBLIC",
    }
}

codes! {
    /// What an amendment changes, and so who signs it (domain.md 2.3).
    AmendmentClass {
        /// Particulars of one party: at once.
        Particulars = "M0",
        /// Operation.
        Operational = "M1",
        /// Only the dates of end and review.
        Renewal = "M2",
        /// Anything else.
        Material = "M3",
    }
}

codes! {
    /// What came of a review.
    ReviewOutcome {
        /// It goes on.
        Continue = "CONTINUE",
        /// It is to be amended.
        Amend = "AMEND",
        /// It is to be suspended.
        Suspend = "SUSPEND",
        /// It is to be ended.
        End = "END",
    }
}

codes! {
    /// About how many records moved.
    RecordBand {
        /// None: an empty return.
        None = "NONE",
        /// 1 to 99.
        UnderHundred = "UNDER_100",
        /// 100 to 999.
        UnderThousand = "UNDER_1000",
        /// 1,000 to 9,999.
        UnderTenThousand = "UNDER_10000",
        /// 10,000 to 99,999.
        UnderHundredThousand = "UNDER_100000",
        /// 100,000 to 999,999.
        UnderMillion = "UNDER_1000000",
        /// A million and more.
        MillionAndMore = "MILLION_AND_MORE",
        /// Nobody counted: a live feed, for example.
        NotCounted = "NOT_COUNTED",
    }
}

codes! {
    /// How an incident stands.
    IncidentStatus {
        /// Open.
        Open = "OPEN",
        /// It does no more harm.
        Contained = "CONTAINED",
        /// Open, and grave: nothing resumes.
        CriticalOpen = "CRITICAL_OPEN",
        /// Over.
        Closed = "CLOSED",
    }
}

codes! {
    /// What became of data that a recipient held.
    DestructionOutcome {
        /// Destroyed.
        Destroyed = "DESTROYED",
        /// Given back.
        Returned = "RETURNED",
        /// Made anonymous.
        Anonymised = "ANONYMISED",
        /// Kept, because a law says so.
        RetainedUnderLaw = "RETAINED_UNDER_LAW",
    }
}

codes! {
    /// Why data must not be destroyed for now.
    HoldReason {
        /// A dispute at law.
        Litigation = "LITIGATION",
        /// A public inquiry.
        Inquiry = "INQUIRY",
        /// The regulator.
        Regulator = "REGULATOR",
        /// The police.
        Police = "POLICE",
    }
}

codes! {
    /// Kinds of documents (CL-DOC).
    DocumentKind {
        /// Data protection impact assessment.
        Dpia = "DPIA",
        /// Legitimate interests assessment.
        Lia = "LIA",
        /// Appropriate policy document.
        Apd = "APD",
        /// A deed under seal.
        Sealed = "SEALED",
        /// A legal opinion.
        LegalOpinion = "LEGAL_OPINION",
        /// What the fields mean.
        DataDictionary = "DATA_DICTIONARY",
        /// Advice of the Confidentiality Advisory Group.
        Cag = "CAG",
        /// An entry in the register under the Digital Economy Act.
        DeaEntry = "DEA_ENTRY",
        /// A paper for a board.
        BoardPaper = "BOARD_PAPER",
        /// Who relies on which transfer mechanism, and why.
        TransferAssessment = "TRANSFER_ASSESSMENT",
        /// A contract.
        Contract = "CONTRACT",
        /// Another.
        Other = "OTHER",
    }
}

codes! {
    /// Whether an imported agreement goes on.
    ImportStatus {
        /// It goes on.
        Active = "ACTIVE",
        /// It has ended.
        Ended = "ENDED",
    }
}

codes! {
    /// Whether a body stands by a contested signature.
    ContestOutcome {
        /// It is its own, and counts again.
        Affirmed = "AFFIRMED",
        /// It is not, and counts no more.
        Disowned = "DISOWNED",
    }
}

codes! {
    /// How bodies take the place of others.
    SuccessionKind {
        /// Into one, new or already there.
        Merge = "MERGE",
        /// One in the place of another.
        Replace = "REPLACE",
        /// Into several.
        Split = "SPLIT",
        /// Some functions pass; the body stays.
        Transfer = "TRANSFER",
        /// The same legal person under another code.
        Rename = "RENAME",
    }
}

codes! {
    /// What a successor found of an agreement that came to it.
    SuccessionOutcome {
        /// It holds as it is.
        NoChanges = "NO_CHANGES",
        /// It has to be amended.
        NeedsAmendment = "NEEDS_AMENDMENT",
    }
}

codes! {
    /// Whether a body joins a partnership or leaves it.
    MembershipChange {
        /// It joins.
        Joined = "JOINED",
        /// It leaves.
        Left = "LEFT",
    }
}

codes! {
    /// Why a ledger is closed.
    ClosingReason {
        /// Another ledger goes on in its place.
        Succeeded = "SUCCEEDED",
        /// It holds an entry that its rules refuse.
        Damaged = "DAMAGED",
        /// It is no longer needed.
        Ended = "ENDED",
    }
}

codes! {
    /// Why words are erased.
    ErasureReason {
        /// Nobody needs them any longer.
        RetentionEnded = "RETENTION_ENDED",
        /// They tell of a person, and should not.
        PersonalData = "PERSONAL_DATA",
        /// A court orders it.
        CourtOrder = "COURT_ORDER",
    }
}
