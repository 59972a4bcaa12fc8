//! Headers, packed: what is left out in the log, because it is at its default, is a byte or two here.

use super::{
    Continuation, DatasetFacts, DatasetRow, DerivedFrom, DpiaRow, GatewayRow, Header, OnePartyRef, Part3Row,
    PartyFacts, PartyRefs, PartyRow, PublicationRow, RequiredRole, RetentionRow, TemplateRef,
};
use crate::packed::{Packed, Packing, Unpacking, pack_versions, packed_enums, packed_structs, unpack_versions};

packed_structs! {
    RequiredRole { kind role }
    GatewayRow { code implied legal_opinion uses }
    Part3Row { authority basis function onward_gateway purposes schedule8 }
    PartyFacts {
        organisation capacity legal_role regime article6 article9 functions gateways part3 required_roles schedule1
    }
    RetentionRow { archiving end_action period start }
    DatasetFacts {
        class destroy_within_days flags frequency ids method onward provider recipients retention
    }
    TemplateRef { id version }
    DerivedFrom { agreement version }
    Continuation { min_parties required_capacities }
    DpiaRow { date residual status }
    PublicationRow { exemption look_again register }
}

packed_enums! {
    OnePartyRef {
        0 Number { 0 number }
        1 All { 0 star }
    }
    PartyRefs {
        0 Numbers { 0 numbers }
        1 All { 0 star }
    }
}

macro_rules! rows {
    ($($row:ident)*) => {
        $(
            impl Packed for $row {
                fn pack(&self, to: &mut Packing<'_>) {
                    self.0.pack(to);
                }

                fn unpack(from: &mut Unpacking<'_>) -> Option<Self> {
                    Packed::unpack(from).map(Self)
                }
            }
        )*
    };
}
rows!(PartyRow DatasetRow);

/// The members of a header but for its lists of versions, which are held once for all.
macro_rules! header {
    ($($member:ident)*) => {
        impl Packed for Header {
            fn pack(&self, to: &mut Packing<'_>) {
                let Self { code_lists, policies, $($member),* } = self;
                pack_versions(code_lists, to);
                pack_versions(policies, to);
                $($member.pack(to);)*
            }

            fn unpack(from: &mut Unpacking<'_>) -> Option<Self> {
                let code_lists = unpack_versions(from)?;
                let policies = unpack_versions(from)?;
                $(let $member = Packed::unpack(from)?;)*
                Some(Self { code_lists, policies, $($member),* })
            }
        }
    };
}
header! {
    agreement_type amendment_quorum anchor_parties automated_decisions changes continuation countries datasets
    derived_from dpia effective_date eligible_joiners emergency_ground end_date execution_form formation lead_party
    min_parties non_adopter_rule notice_days parties programme publication review_date security_class sharing_mode
    template transfers
}
