//! The closed code lists of a header: those that a log rule reads.

use crate::ids::codes;

codes! {
    /// How the organisations relate (CL-TYPE).
    AgreementType {
        /// Controller to controller, independent.
        C2c = "C2C",
        /// Joint controllers.
        Jc = "JC",
        /// Controller to processor.
        C2p = "C2P",
        /// Processor to sub-processor.
        P2sp = "P2SP",
        /// Both competent authorities under Part 3.
        LeLe = "LE-LE",
        /// Competent authority to a general-processing recipient.
        LeGp = "LE-GP",
        /// General-processing body to a competent authority.
        GpLe = "GP-LE",
        /// Open-data licence.
        Open = "OPEN",
        /// Non-personal, restricted.
        Npr = "NPR",
        /// Emergency.
        Emg = "EMG",
    }
}

codes! {
    /// How often and how data move (CL-MODE).
    SharingMode {
        /// A single transfer.
        OneOff = "ONE_OFF",
        /// Repeated.
        Regular = "REGULAR",
        /// Case by case.
        OnRequest = "ON_REQUEST",
        /// Live feed or interface.
        Continuous = "CONTINUOUS",
        /// Shared platform.
        Pooled = "POOLED",
    }
}

codes! {
    /// When an agreement is formed.
    Formation {
        /// When every party has executed.
        All = "ALL",
        /// When enough have; others join one by one.
        Accession = "ACCESSION",
        /// On the publisher's execution.
        Unilateral = "UNILATERAL",
    }
}

codes! {
    /// What the parties execute.
    ExecutionForm {
        /// A simple contract.
        SimpleContract = "SIMPLE_CONTRACT",
        /// A memorandum that does not bind.
        Mou = "MOU_NON_BINDING",
        /// A deed, sealed outside the ledger.
        Deed = "DEED_SEALED",
        /// An arrangement under statute.
        Statutory = "STATUTORY_ARRANGEMENT",
    }
}

codes! {
    /// Government security classification of the agreement.
    SecurityClass {
        /// OFFICIAL.
        Official = "OFFICIAL",
        /// OFFICIAL-SENSITIVE.
        OfficialSensitive = "OFFICIAL_SENSITIVE",
    }
}

codes! {
    /// What a party does in the agreement.
    Capacity {
        /// Gives data.
        Provider = "PROVIDER",
        /// Receives data.
        Recipient = "RECIPIENT",
        /// Both.
        Both = "BOTH",
        /// Hosts for the others.
        Platform = "PLATFORM",
    }
}

codes! {
    /// The legal role of a party.
    LegalRole {
        /// Controller.
        Controller = "CONTROLLER",
        /// Joint controller.
        JointController = "JOINT_CONTROLLER",
        /// Processor.
        Processor = "PROCESSOR",
        /// Sub-processor.
        SubProcessor = "SUB_PROCESSOR",
        /// Licensor of open data.
        Licensor = "LICENSOR",
        /// None applies.
        NotApplicable = "N_A",
    }
}

codes! {
    /// Which data-protection regime a party processes under.
    Regime {
        /// UK GDPR.
        UkGdpr = "UKGDPR",
        /// Data Protection Act 2018 Part 3.
        Part3 = "PART3",
        /// Neither.
        None = "NONE",
    }
}

codes! {
    /// Article 6(1) bases (CL-ART6).
    Article6 {
        /// Consent.
        A = "A",
        /// Contract.
        B = "B",
        /// Legal obligation.
        C = "C",
        /// Vital interests.
        D = "D",
        /// Public task of the controller.
        E = "E",
        /// Recognised legitimate interest.
        Ea = "EA",
        /// Legitimate interests.
        F = "F",
    }
}

codes! {
    /// Article 9(2) conditions (CL-ART9).
    Article9 {
        /// Explicit consent.
        A = "A",
        /// Employment, social security, social protection.
        B = "B",
        /// Vital interests of one who cannot consent.
        C = "C",
        /// Not-for-profit body.
        D = "D",
        /// Made public by the person.
        E = "E",
        /// Legal claims.
        F = "F",
        /// Substantial public interest.
        G = "G",
        /// Health or social care.
        H = "H",
        /// Public health.
        I = "I",
        /// Archiving, research, statistics.
        J = "J",
    }
}

codes! {
    ranked
    /// Classes of data, in the order that decides approval routes (domain.md 1.1).
    DataClass {
        /// Non-personal, open.
        NonPersonalOpen = "NP-O",
        /// Non-personal, restricted.
        NonPersonalRestricted = "NP-R",
        /// Anonymous, was personal.
        Anonymous = "AN",
        /// Pseudonymised.
        Pseudonymised = "PS",
        /// Personal.
        Personal = "PD",
        /// Criminal offence data.
        CriminalOffence = "CO",
        /// Special category.
        SpecialCategory = "SC",
        /// Law-enforcement processing.
        LawEnforcement = "LE",
    }
}

codes! {
    /// What else is to be known of a dataset.
    DatasetFlag {
        /// About children.
        Children = "CHILDREN",
        /// Given in confidence.
        Confidential = "CONFIDENTIAL",
        /// Confidence of the dead.
        ConfidentialDeceased = "CONFIDENTIAL_DECEASED",
        /// Confidential patient information.
        PatientInfo = "PATIENT_INFO",
        /// Adult social care.
        AdultSocialCare = "ADULT_SC",
        /// Children's social care.
        ChildSocialCare = "CHILD_SC",
        /// Also criminal offence data.
        CriminalOffence = "CO",
        /// Also special category data.
        SpecialCategory = "SC",
        /// Location.
        Location = "LOCATION",
        /// Financial.
        Financial = "FINANCIAL",
        /// Biometric.
        Biometric = "BIOMETRIC",
        /// Large scale.
        LargeScale = "LARGE_SCALE",
        /// New technology is used.
        NewTechnology = "NEW_TECHNOLOGY",
        /// Vulnerable people.
        Vulnerable = "VULNERABLE",
        /// Was personal data before it was made open.
        WasPersonal = "WAS_PERSONAL",
    }
}

impl DatasetFlag {
    /// The class that data with this flag have at least, where it says so (domain.md 1.1).
    pub const fn class(self) -> Option<DataClass> {
        match self {
            Self::CriminalOffence => Some(DataClass::CriminalOffence),
            Self::SpecialCategory => Some(DataClass::SpecialCategory),
            Self::Children
            | Self::Confidential
            | Self::ConfidentialDeceased
            | Self::PatientInfo
            | Self::AdultSocialCare
            | Self::ChildSocialCare
            | Self::Location
            | Self::Financial
            | Self::Biometric
            | Self::LargeScale
            | Self::NewTechnology
            | Self::Vulnerable
            | Self::WasPersonal => None,
        }
    }
}

codes! {
    /// How often data move.
    Frequency {
        /// Once.
        Once = "ONCE",
        /// When asked.
        AdHoc = "AD_HOC",
        /// Every hour.
        Hourly = "HOURLY",
        /// Every day.
        Daily = "DAILY",
        /// Every week.
        Weekly = "WEEKLY",
        /// Every month.
        Monthly = "MONTHLY",
        /// Every quarter.
        Quarterly = "QUARTERLY",
        /// Every year.
        Annual = "ANNUAL",
        /// Live.
        Live = "LIVE",
    }
}

codes! {
    /// How data move (CL-METH).
    Method {
        /// SFTP.
        Sftp = "SFTP",
        /// Interface with mutual TLS.
        ApiMtls = "API_MTLS",
        /// Secure e-mail.
        SecureEmail = "SECURE_EMAIL",
        /// Portal.
        Portal = "PORTAL",
        /// The Data for London Library's secure service.
        DataForLondonSecure = "DATA_FOR_LONDON_SECURE",
        /// Trusted research environment.
        Tre = "TRE",
        /// In person.
        InPerson = "IN_PERSON",
        /// Public download.
        PublicDownload = "PUBLIC_DOWNLOAD",
        /// Another way.
        Other = "OTHER",
    }
}

codes! {
    /// Whether data may be passed on.
    Onward {
        /// Not at all.
        None = "NONE",
        /// To named bodies of the public sector.
        NamedPublic = "NAMED_PUBLIC",
        /// To named bodies, some outside the public sector.
        NamedOther = "NAMED_OTHER",
        /// With the provider's consent.
        WithConsent = "WITH_CONSENT_OF_PROVIDER",
    }
}

codes! {
    /// From when a retention period runs.
    RetentionStart {
        /// From receipt.
        FromReceipt = "FROM_RECEIPT",
        /// From the close of the case.
        FromCaseClose = "FROM_CASE_CLOSE",
        /// From the end of the agreement.
        FromEnd = "FROM_END",
    }
}

codes! {
    /// What becomes of the data at the end.
    EndAction {
        /// Destroyed.
        Destroy = "DESTROY",
        /// Given back.
        Return = "RETURN",
        /// Made anonymous.
        Anonymise = "ANONYMISE",
        /// Kept under the recipient's own law.
        Retain = "RETAIN_UNDER_OWN_SCHEDULE",
    }
}

codes! {
    /// Whether a data protection impact assessment was made.
    DpiaStatus {
        /// Made.
        Done = "DONE",
        /// Screened and not required.
        NotRequired = "NOT_REQUIRED",
        /// Made, and the regulator consulted (Article 36).
        DoneAndConsulted = "DONE_AND_CONSULTED",
    }
}

codes! {
    /// The risk that remains.
    Residual {
        /// Low.
        Low = "LOW",
        /// Medium.
        Medium = "MEDIUM",
        /// High.
        High = "HIGH",
    }
}

codes! {
    /// How data may leave the UK.
    Transfers {
        /// They do not.
        None = "NONE",
        /// Regulations under Article 45A.
        Adequate = "ADEQUATE",
        /// Appropriate safeguards.
        Safeguards = "SAFEGUARDS",
        /// A derogation of Article 49.
        Derogation = "DEROGATION",
        /// Data Protection Act 2018 sections 73 to 76.
        Part3 = "PART3",
    }
}

codes! {
    /// Whether decisions are automated.
    AutomatedDecisions {
        /// No.
        None = "NONE",
        /// People decide with support.
        Support = "SUPPORT",
        /// Solely automated.
        Solely = "SOLELY_AUTOMATED",
    }
}

codes! {
    /// The ground of an emergency (CL-EMG).
    EmergencyGround {
        /// Life.
        Life = "LIFE",
        /// Serious harm.
        SeriousHarm = "SERIOUS_HARM",
        /// Public health.
        PublicHealth = "PUBLIC_HEALTH",
        /// Safeguarding.
        Safeguarding = "SAFEGUARDING",
        /// An emergency under the Civil Contingencies Act 2004.
        CivilContingency = "CCA_EMERGENCY",
        /// National security.
        NationalSecurity = "NATIONAL_SECURITY",
    }
}

codes! {
    /// Whether the agreement stands in the public register.
    PublicRegister {
        /// Whole.
        Publish = "PUBLISH",
        /// With words withheld.
        PublishRedacted = "PUBLISH_REDACTED",
        /// Not at all.
        Withhold = "WITHHOLD",
    }
}

codes! {
    /// What becomes of a party that does not adopt an amendment.
    NonAdopterRule {
        /// The amendment waits.
        Block = "BLOCK",
        /// The party leaves.
        Leave = "LEAVE",
    }
}

codes! {
    /// How many parties an amendment needs.
    AmendmentQuorum {
        /// All.
        All = "ALL",
        /// Two thirds of those that executed.
        TwoThirds = "TWO_THIRDS",
    }
}

codes! {
    /// What a signature of a role means (domain.md 2.2).
    SignatureKind {
        /// Recorded; cannot block by itself.
        Advice = "ADVICE",
        /// Yes or no.
        Approval = "APPROVAL",
        /// Commits the organisation; always last.
        Execution = "EXECUTION",
    }
}

codes! {
    /// Which way a gateway is relied on.
    GatewayUse {
        /// To disclose.
        Disclose = "DISCLOSE",
        /// To receive.
        Receive = "RECEIVE",
    }
}

codes! {
    /// Why a body is a competent authority (Data Protection Act 2018 section 30).
    CompetentAuthorityBasis {
        /// Named in Schedule 7.
        Schedule7 = "SCH7",
        /// Statutory functions for law-enforcement purposes.
        Section30 = "S30_1B",
    }
}

codes! {
    /// Law-enforcement purposes (section 31).
    LawEnforcementPurpose {
        /// Prevention.
        Prevent = "PREVENT",
        /// Investigation.
        Investigate = "INVESTIGATE",
        /// Detection.
        Detect = "DETECT",
        /// Prosecution.
        Prosecute = "PROSECUTE",
        /// Execution of penalties.
        ExecutePenalties = "EXECUTE_PENALTIES",
        /// Threats to public security.
        PublicSecurityThreat = "PUBLIC_SECURITY_THREAT",
    }
}

codes! {
    /// The basis of law-enforcement processing (section 35(2)).
    LawEnforcementBasis {
        /// Consent.
        Consent = "CONSENT",
        /// Necessary for the task.
        Necessary = "NECESSARY_FOR_TASK",
    }
}
