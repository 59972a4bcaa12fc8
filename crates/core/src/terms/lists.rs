//! The closed code lists of the terms.

use crate::ids::codes;

codes! {
    /// Purposes (CL-PURP).
    PurposeCode {
        /// Safeguarding children.
        SafeguardChild = "SAFEGUARD_CHILD",
        /// Safeguarding adults.
        SafeguardAdult = "SAFEGUARD_ADULT",
        /// Preventing crime.
        CrimePrevention = "CRIME_PREVENTION",
        /// Enforcing criminal law.
        CrimeEnforcement = "CRIME_ENFORCEMENT",
        /// Serious violence.
        SeriousViolence = "SERIOUS_VIOLENCE",
        /// Counter-terrorism.
        CounterTerrorism = "COUNTER_TERRORISM",
        /// Homelessness.
        Homelessness = "HOMELESSNESS",
        /// Housing standards.
        HousingStandards = "HOUSING_STANDARDS",
        /// Recovering debt.
        DebtRecovery = "DEBT_RECOVERY",
        /// Fraud.
        Fraud = "FRAUD",
        /// Uptake of benefits.
        BenefitUptake = "BENEFIT_UPTAKE",
        /// Public health.
        PublicHealth = "PUBLIC_HEALTH",
        /// Integrating care.
        CareIntegration = "CARE_INTEGRATION",
        /// Planning.
        Planning = "PLANNING",
        /// Transport.
        Transport = "TRANSPORT",
        /// Environment.
        Environment = "ENVIRONMENT",
        /// Emergencies.
        Emergency = "EMERGENCY",
        /// Statistics.
        Statistics = "STATISTICS",
        /// Research.
        Research = "RESEARCH",
        /// Designing services.
        ServiceDesign = "SERVICE_DESIGN",
        /// Transparency.
        Transparency = "TRANSPARENCY",
        /// Another, named in words.
        Other = "OTHER",
    }
}

codes! {
    /// Uses that are not allowed (CL-EXCL).
    ExcludedUse {
        /// Immigration enforcement.
        ImmigrationEnforcement = "IMMIGRATION_ENFORCEMENT",
        /// Marketing.
        Marketing = "MARKETING",
        /// Watching employees.
        EmployeeMonitoring = "EMPLOYEE_MONITORING",
        /// Decisions by machine alone.
        SoleAutomatedDecision = "SOLE_AUTOMATED_DECISION",
        /// Training models beyond the purpose.
        ModelTraining = "MODEL_TRAINING_BEYOND_PURPOSE",
        /// Commercial re-use.
        CommercialReuse = "COMMERCIAL_REUSE",
    }
}

codes! {
    /// How the common-law duty of confidence is met.
    ConfidenceBasis {
        /// It does not arise.
        NotApplicable = "NOT_APPLICABLE",
        /// Implied consent for direct care.
        ImpliedDirectCare = "CONSENT_IMPLIED_DIRECT_CARE",
        /// Explicit consent.
        Explicit = "CONSENT_EXPLICIT",
        /// Public interest.
        PublicInterest = "PUBLIC_INTEREST",
        /// A statutory gateway.
        StatutoryGateway = "STATUTORY_GATEWAY",
        /// Support under section 251 of the NHS Act 2006.
        S251 = "S251_SUPPORT",
    }
}

codes! {
    /// Whether this is the purpose that the data were collected for (V-106).
    FurtherUse {
        /// Collected anew.
        NewCollection = "NEW_COLLECTION",
        /// The same purpose.
        Original = "ORIGINAL",
        /// Compatible under Article 8A.
        Compatible = "COMPATIBLE_8A",
    }
}

codes! {
    /// How far a field identifies a person.
    Identifier {
        /// By itself.
        Direct = "DIRECT",
        /// With others.
        Indirect = "INDIRECT",
        /// Not at all.
        None = "NONE",
    }
}

codes! {
    /// How many people (bands).
    Volume {
        /// Below 100.
        Below100 = "LT_100",
        /// Below 1,000.
        Below1k = "LT_1K",
        /// Below 10,000.
        Below10k = "LT_10K",
        /// Below 100,000.
        Below100k = "LT_100K",
        /// Below a million.
        Below1m = "LT_1M",
        /// A million or more.
        Million = "GE_1M",
    }
}

codes! {
    /// Passing on, as the terms say it.
    OnwardKind {
        /// Not at all.
        None = "NONE",
        /// To those named.
        Named = "NAMED",
        /// With the provider's consent.
        WithConsent = "WITH_CONSENT_OF_PROVIDER",
    }
}

codes! {
    /// Who answers a resident's request.
    RightsModel {
        /// Each its own.
        EachOwn = "EACH_OWN",
        /// The lead party.
        LeadParty = "LEAD_PARTY",
        /// Whoever holds the data.
        HolderOfData = "HOLDER_OF_DATA",
    }
}

codes! {
    /// How residents are told.
    NoticeRoute {
        /// Article 13, by whoever collected.
        Art13 = "ART13_OWN",
        /// Article 14, by the recipient.
        Art14 = "ART14_RECIPIENT",
        /// They are not, under an exemption.
        Exempt = "EXEMPT",
    }
}
