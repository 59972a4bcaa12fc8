//! Organisations, roles and delegations.

use std::path::PathBuf;

use anyhow::Result;
use clap::Subcommand;
use counterpart_core::event::data::OrganisationSuspensionReason;
use counterpart_core::ids::{Code, EventId, OrganisationCode, PersonId, Role, Stream};
use counterpart_core::organisation::{Governance, OrganisationType};
use counterpart_core::time::Date;
use serde_json::Value;

use super::incoming::incoming;
use super::{Members, code, codes};
use crate::act::{Acting, Statement};
use crate::ending::Ending;
use crate::seal::document;
use crate::{Common, documents, shell};

#[derive(Subcommand)]
pub enum Offices {
    /// Register an organisation, with its head of paid service
    ///
    /// Signed by the registrars' threshold and the chief, whose key the event registers.
    ///
    ///   counterpart register --code CMD --name "London Borough of Camden" --type LONDON_BOROUGH \
    ///     --chief CMD.CEX --holder chief.yaml -k REG.REG.1 -k REG.REG.2
    #[command(verbatim_doc_comment)]
    Register {
        /// Its code, 2 to 8 capital letters and digits
        #[arg(long)]
        code: OrganisationCode,
        /// Its official name
        #[arg(long)]
        name: String,
        /// Its type
        #[arg(long = "type")]
        kind: OrganisationType,
        /// FULL, or LIGHT for a small body
        #[arg(long, default_value = "FULL")]
        governance: Governance,
        /// Its code in the register of geographic codes
        #[arg(long)]
        gss: Option<Code>,
        /// Its code in the NHS organisation data service
        #[arg(long)]
        ods: Option<Code>,
        /// Flags, a YAML or JSON file
        #[arg(long, value_name = "FILE")]
        flags: Option<PathBuf>,
        /// A role that must sign besides those of the policy
        #[arg(long = "extra-role", value_name = "ROLE")]
        extra_roles: Vec<Role>,
        /// The key of the head of paid service: one of this folder, or PERSON:PUBLIC of one who signs elsewhere
        #[arg(long, value_name = "KEY")]
        chief: String,
        /// Name, post, e-mail and authority of the chief, a YAML or JSON file
        #[arg(long, value_name = "FILE")]
        holder: PathBuf,
        #[command(flatten)]
        acting: Acting,
    },
    /// Change the particulars of an organisation
    UpdateOrganisation {
        /// Which
        organisation: OrganisationCode,
        /// The new name
        #[arg(long)]
        name: Option<String>,
        /// FULL or LIGHT
        #[arg(long)]
        governance: Option<Governance>,
        /// The new flags, a YAML or JSON file
        #[arg(long, value_name = "FILE")]
        flags: Option<PathBuf>,
        /// The new list of extra roles, one each time
        #[arg(long = "extra-role", value_name = "ROLE")]
        extra_roles: Option<Vec<Role>>,
        #[command(flatten)]
        acting: Acting,
    },
    /// Suspend an organisation for at most 30 days (two registrars)
    SuspendOrganisation {
        /// Which
        organisation: OrganisationCode,
        /// Why
        #[arg(long)]
        reason: OrganisationSuspensionReason,
        /// The last day
        #[arg(long)]
        until: Date,
        #[command(flatten)]
        acting: Acting,
    },
    /// End the suspension of an organisation early (two registrars)
    Reinstate {
        /// Which
        organisation: OrganisationCode,
        #[command(flatten)]
        acting: Acting,
    },
    /// Leave the ledger
    Leave {
        /// Which
        organisation: OrganisationCode,
        /// The day
        #[arg(long)]
        on: Date,
        #[command(flatten)]
        acting: Acting,
    },
    /// Appoint a person to a role
    ///
    ///   counterpart appoint CMD --person PER-7QF2M9K0XW3T --role IGL --holder person.yaml -k CMD.ADM
    #[command(verbatim_doc_comment)]
    Appoint {
        /// At which organisation
        organisation: OrganisationCode,
        /// Who
        #[arg(long, value_name = "PER-…")]
        person: PersonId,
        /// Which role
        #[arg(long)]
        role: Role,
        /// Name, post, e-mail and authority, a YAML or JSON file
        #[arg(long, value_name = "FILE")]
        holder: PathBuf,
        /// A function that the role is for; none: all
        #[arg(long = "function", value_name = "CODE")]
        functions: Vec<Code>,
        /// The first day [default: today in London]
        #[arg(long, value_name = "DATE")]
        from: Option<Date>,
        /// The last day
        #[arg(long, value_name = "DATE")]
        to: Option<Date>,
        /// When the person was told how the ledger uses their data [default: today in London]
        #[arg(long, value_name = "DATE")]
        notice_given_on: Option<Date>,
        /// The appointment of the same human at another organisation
        #[arg(long, value_name = "EVENT")]
        same_person: Option<EventId>,
        #[command(flatten)]
        acting: Acting,
    },
    /// End an appointment; no event says why
    EndRole {
        /// At which organisation
        organisation: OrganisationCode,
        /// The event that appointed
        #[arg(long, value_name = "EVENT")]
        appointment: EventId,
        #[command(flatten)]
        acting: Acting,
    },
    /// Let another person act in a role for a while
    Delegate {
        /// At which organisation
        organisation: OrganisationCode,
        /// The event that appointed the holder
        #[arg(long, value_name = "EVENT")]
        appointment: EventId,
        /// Who acts
        #[arg(long, value_name = "PER-…")]
        person: PersonId,
        /// The last day
        #[arg(long)]
        until: Date,
        /// A function; none: all of the appointment
        #[arg(long = "function", value_name = "CODE")]
        functions: Vec<Code>,
        #[command(flatten)]
        acting: Acting,
    },
    /// End a delegation early
    EndDelegation {
        /// At which organisation
        organisation: OrganisationCode,
        /// The event that delegated
        #[arg(long, value_name = "EVENT")]
        delegation: EventId,
        #[command(flatten)]
        acting: Acting,
    },
}

impl Offices {
    /// Says it and sends it.
    pub fn run(&self, common: &Common) -> Result<Ending> {
        let (acting, organisation, event_type, data) = match self {
            Self::Register { code, name, kind, governance, gss, ods, flags, extra_roles, chief, holder, acting } => {
                let mut acting = acting.clone();
                let coming = incoming(chief, *code, Role::Cex, &mut acting, common)?;
                let chief_row = coming.members().with("holder", document(&documents::read(holder)?));
                let data = Members::new()
                    .with("chief", chief_row)
                    .with("code", super::code(code))
                    .with("extra_roles", codes(extra_roles))
                    .with("flags", optional(flags.as_ref())?.unwrap_or_else(|| Members::new().into()))
                    .with("governance", super::code(governance))
                    .maybe("gss", gss.as_ref().map(super::code))
                    .with("name", name.clone())
                    .maybe("ods", ods.as_ref().map(super::code))
                    .with("type", super::code(kind));
                return say(&acting, Stream::Organisation(*code), "OrganisationRegistered", data, common);
            }
            Self::UpdateOrganisation { organisation, name, governance, flags, extra_roles, acting } => {
                let data = Members::new()
                    .maybe("extra_roles", extra_roles.as_deref().map(codes))
                    .maybe("flags", optional(flags.as_ref())?)
                    .maybe("governance", governance.as_ref().map(code))
                    .maybe("name", name.clone());
                (acting, organisation, "OrganisationUpdated", data)
            }
            Self::SuspendOrganisation { organisation, reason, until, acting } => {
                let data = Members::new().with("reason", code(reason)).with("until", code(until));
                (acting, organisation, "OrganisationSuspended", data)
            }
            Self::Reinstate { organisation, acting } => {
                (acting, organisation, "OrganisationReinstated", Members::new())
            }
            Self::Leave { organisation, on, acting } => {
                (acting, organisation, "OrganisationLeft", Members::new().with("on", code(on)))
            }
            Self::Appoint {
                organisation,
                person,
                role,
                holder,
                functions,
                from,
                to,
                notice_given_on,
                same_person,
                acting,
            } => {
                let today = counterpart_core::london::date_of(shell::now());
                let data = Members::new()
                    .with("functions", codes(functions))
                    .with("holder", document(&documents::read(holder)?))
                    .with("notice_given_on", code(&notice_given_on.unwrap_or(today)))
                    .with("person", code(person))
                    .with("role", code(role))
                    .maybe("same_person", same_person.as_ref().map(code))
                    .with("valid_from", code(&from.unwrap_or(today)))
                    .maybe("valid_to", to.as_ref().map(code));
                (acting, organisation, "RoleHolderAppointed", data)
            }
            Self::EndRole { organisation, appointment, acting } => {
                (acting, organisation, "RoleHolderRevoked", Members::new().with("appointment", code(appointment)))
            }
            Self::Delegate { organisation, appointment, person, until, functions, acting } => {
                let data = Members::new()
                    .with("appointment", code(appointment))
                    .with("functions", codes(functions))
                    .with("person", code(person))
                    .with("until", code(until));
                (acting, organisation, "RoleDelegated", data)
            }
            Self::EndDelegation { organisation, delegation, acting } => {
                (acting, organisation, "DelegationRevoked", Members::new().with("delegation", code(delegation)))
            }
        };
        say(acting, Stream::Organisation(*organisation), event_type, data, common)
    }
}

fn optional(path: Option<&PathBuf>) -> Result<Option<Value>> {
    path.map(|path| documents::read(path)).transpose()
}

/// Opens the keys, meets the ledger, and performs.
pub(super) fn say(
    acting: &Acting,
    stream: Stream,
    event_type: &'static str,
    data: Members,
    common: &Common,
) -> Result<Ending> {
    let hands = acting.hands(common)?;
    let ledger = acting.ledger(common)?;
    acting.perform(&ledger, &hands, Statement::new(stream, event_type, data.into()), common)
}
