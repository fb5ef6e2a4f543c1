//! What an app is told, part by part, as the published contract has it: read, shown, and stored sealed in this one form.
//!
//! A part names what it must have, then `;`, then what may be left out: text and parts are null then, lists empty, and switches off.

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use crate::http::money_wire::WireAmount;

/// Refuses what is shown, and follows from something else.
fn shown_only<'de, D: Deserializer<'de>>(_: D) -> Result<Option<String>, D::Error> {
    Err(D::Error::custom(
        "is shown, and cannot be written here; leave it out",
    ))
}

/// Words of the wire, in capitals.
macro_rules! words {
    ($($name:ident { $($(#[$word:meta])* $variant:ident),* $(,)? })*) => { $(
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
        #[serde(rename_all = "SCREAMING_SNAKE_CASE")]
        pub(in crate::http::gateways) enum $name {
            $($(#[$word])* $variant),*
        }
    )* };
}

macro_rules! parts {
    ($($(#[$about:meta])* $name:ident {
        $($must:ident: $must_type:ty),* ; $($(#[$of:meta])* $may:ident: $may_type:ty),* $(,)?
    })*) => { $(
        #[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
        #[serde(deny_unknown_fields)]
        $(#[$about])*
        pub(in crate::http::gateways) struct $name {
            $(pub(super) $must: $must_type,)*
            $($(#[$of])* #[serde(default)] pub(super) $may: $may_type,)*
        }
    )* };
}

words! {
    AppType { Native, NativeMerchant, Web, Captive, ConsumerApp }
    AppColourType {
        LandingBackground, LandingCard, LandingText, ScreenCard, ScreenButton, ScreenWallet, LegacyBackground, LegacyButton, LegacyCard,
        PrimaryColour, SecondaryColour,
    }
    AppFontType { Text }
    AppFont {
        #[serde(rename = "San Francisco")]
        SanFrancisco,
        #[serde(rename = "Roboto")]
        Roboto,
        #[serde(rename = "Helvetica")]
        Helvetica,
        #[serde(rename = "Open Sans")]
        OpenSans,
        #[serde(rename = "Poppins")]
        Poppins,
        #[serde(rename = "Georgia")]
        Georgia,
        #[serde(rename = "Gilroy")]
        Gilroy,
    }
    AppLayout { Layout1, Layout2, Layout3, Layout4, Layout5 }
    AppContentType { About, TermsConditions, PrivacyPolicy, Faqs }
    AppCodeFormat { Barcode, QrCode }
    AppProfileType { Birthdate, Nameday, Gender }
    AppPassAttribute { Code, Pin }
    AppTransferEntity { Account, Wallet }
    AppTransferRestriction { Open, Commerce }
    AppOrderModel { Marketplace, SingleBusiness }
    AppReferMethod { Email, Sms }
    AppSpendAttribute { Amount }
    AppSubmitMethod { Barcode, TrxCode }
    AppLanguage { En, Gr }
    AppShortcutType {
        ContactCode, Locations, OtpToSpend, ReclaimPurchase, TopUpWallet, ReferAFriend, ServiceRequest, RedeemAPass, RequestMoney,
        SendMoney, Communities, Order, Donate, ElectronicGiftPass,
    }
    AppSubscriptionAction { ChangeBillingDay, ChangePaymentMethod }
    AppScheduledAction { Update, Cancel }
    AppServiceAction { Activate, Deactivate, Pause, Resume, Change, Regret, Cancel }
    AppPlatformType { Apple, Google, Web }
    AppImageUse {
        WalletImage, DirectSaleImage, DeliveryImage, LandingPageImage, PickupImage, AppLogo, Carousel, PartnerLogo,
    }
    AppLinkImageUse { Marketing }
    AppShortcutImageUse { Shortcut }
}

parts! {
    /// Something that is on or off.
    AppSwitch { ; is_supported: bool }

    AppColour { r#type: AppColourType, value: String ; }
    AppFontChoice { r#type: AppFontType, font: AppFont ; }
    AppAdvancedSettings { ; colours: Option<String>, layout_components: Option<String> }
    /// What it looks like.
    AppAppearance { ;
        colours: Vec<AppColour>, fonts: Vec<AppFontChoice>, dark_mode: bool, homepage_layout: Option<AppLayout>,
        ordering_layout: Option<AppLayout>, advanced_settings: Option<AppAdvancedSettings>,
    }

    AppContent { r#type: AppContentType ; url: Option<String>, rich_content: Option<String> }
    AppPhone { country_code: String, number: String ; }
    AppContactUs { ; email_address: Option<String>, phone: Option<AppPhone>, website: Option<String> }
    /// What it tells people.
    AppInformation { ; content: Vec<AppContent>, contact_us: Option<AppContactUs> }

    AppProfileField { r#type: AppProfileType ; is_supported: bool }
    AppCountry { country: String ; }
    AppContacts { ;
        is_supported: bool, wallet_code_format: Option<AppCodeFormat>, enable_existing_customer_flow: bool,
        profile: Vec<AppProfileField>, communities: Option<AppSwitch>, countries: Vec<AppCountry>,
        country_calling_codes: Vec<AppCountry>, default_country_calling_code: Option<String>,
        preferred_language_code: Option<String>,
    }
    AppBusinessNetwork { ; is_supported: bool, multitenancy: Option<AppSwitch> }
    AppCrm { ; is_supported: bool, service_requests: Option<AppSwitch> }
    AppPool { id: String ; name: Option<String>, description: Option<String> }
    AppPassField { r#type: AppPassAttribute ; }
    AppRedeemPass { ; is_supported: bool, enable_on_registration: bool, pass_attributes: Vec<AppPassField> }
    AppTransfer { ;
        is_supported: bool, transfer_entity: Vec<AppTransferEntity>, transfer_restrictions: Vec<AppTransferRestriction>,
        commerce_pools: Vec<AppPool>,
    }
    AppTopUpAmounts { currency_code: String ; amounts: Vec<WireAmount> }
    AppFinance { ;
        is_supported: bool, wallet_top_up: bool, top_up_commerce_pools: Vec<AppPool>, wallet_payout: bool,
        redeem_pass: Option<AppRedeemPass>, transfer: Option<AppTransfer>, donations: Option<AppSwitch>,
        topup_amounts: Vec<AppTopUpAmounts>, redeem_method: Option<String>, egifts_enabled: bool, auto_topup_enabled: bool,
        dynamic_wallet_code: bool,
    }
    AppQueue { ; is_supported: bool, queue_id: Option<String>, queue_name: Option<String> }
    AppCatalogue { id: String ; name: Option<String>, is_pricing_table: bool }
    AppWalletFunds { ; is_supported: bool, specific_funds_amount: bool, cover_full_basket: bool }
    AppFulfilment { fulfilment_flow: String ; allow_delivery_selection: bool }
    AppOrder { ;
        is_supported: bool, pick_up: Option<AppQueue>, delivery: Option<AppQueue>, direct_sale: Option<AppQueue>,
        model: Option<AppOrderModel>, preferred_organisation: bool, order_catalogues: Vec<AppCatalogue>,
        use_wallet_funds: Option<AppWalletFunds>, use_account_funds: bool, fulfilment_flows: Option<AppFulfilment>,
        support_product_additional_notes: bool,
    }
    AppReferFriend { ; is_supported: bool, refer_methods: Vec<AppReferMethod> }
    AppSpendField { r#type: AppSpendAttribute ; }
    AppOtpSpend { ; is_supported: bool, code_format: Option<AppCodeFormat>, spend_attributes: Vec<AppSpendField> }
    AppSelfSubmit { ; is_supported: bool, self_submit_methods: Vec<AppSubmitMethod> }
    AppReward { ;
        is_supported: bool, tiering: bool, preferred_organisation: bool, refer_friend: Option<AppReferFriend>,
        otp_spend: Option<AppOtpSpend>, self_submit_purchases: Option<AppSelfSubmit>,
    }
    /// An image in another size.
    AppSizedImage { url: String ; width: Option<i32>, height: Option<i32> }
    AppLinkImage { usage_type: AppLinkImageUse ;
        id: Option<String>, media_group_id: Option<String>, width: Option<i32>, height: Option<i32>, format: Option<String>,
        url: Option<String>, public_id: Option<String>, media_id: Option<String>, media: Vec<AppSizedImage>,
    }
    AppLink { title: String, url: String ;
        id: Option<String>, sort_order: Option<i32>, language_code: Option<AppLanguage>, creatives: Vec<AppLinkImage>,
    }
    AppMarketing { ; is_supported: bool, embedded_links: Vec<AppLink> }
    AppShortcutImage { usage_type: AppShortcutImageUse ;
        id: Option<String>, media_group_id: Option<String>, width: Option<i32>, height: Option<i32>, format: Option<String>,
        url: Option<String>, public_id: Option<String>, media_id: Option<String>, media: Vec<AppSizedImage>,
    }
    AppShortcut { r#type: AppShortcutType ;
        id: Option<String>, sort_order: Option<i32>, label: Option<String>, language_code: Option<AppLanguage>,
        creatives: Vec<AppShortcutImage>,
    }
    AppShortcuts { ; is_supported: bool, shortcuts: Vec<AppShortcut> }
    AppActions { ;
        subscriptions: Vec<AppSubscriptionAction>, subscriptions_scheduled_actions: Vec<AppScheduledAction>,
        services: Vec<AppServiceAction>,
    }
    AppSubscriptions { ; is_supported: bool, actions: Option<AppActions> }
    AppFeaturesOfContacts { ;
        contact: Option<AppContacts>, business_network: Option<AppBusinessNetwork>, crm: Option<AppCrm>,
        finance: Option<AppFinance>, order: Option<AppOrder>, reward: Option<AppReward>, marketing: Option<AppMarketing>,
        shortcuts: Option<AppShortcuts>, subscriptions: Option<AppSubscriptions>, mobile_pass: Option<AppSwitch>,
    }
    AppPurchase { ;
        manual_spend: bool, automatic_spend: bool, spend_full_purchase_amount: bool, restrict_fully_covered: bool,
    }
    AppFeaturesOfMerchants { ; purchase: Option<AppPurchase> }
    /// What it offers. Nothing is opened or closed by it on the server: an app shows what it is told to.
    AppFeatures { ; contact: Option<AppFeaturesOfContacts>, merchant: Option<AppFeaturesOfMerchants> }

    /// Where it runs, by which it finds what it is told.
    AppPlatform { platform: AppPlatformType, platform_id: String ;
        cloud_name: Option<String>,
        /// Left out, it is any.
        version: Option<String>,
        deeplinks_config: Option<String>,
    }

    AppFacebook { ; is_supported: bool, app_id: Option<String> }
    /// A contact. Whoever has the app can read who it is.
    AppContact { id: String ;
        /// As its profile has it: shown, and never written here.
        #[serde(deserialize_with = "shown_only")]
        name: Option<String>,
    }
    AppDemoContact { ;
        is_supported: bool, contact: Option<AppContact>,
        /// In test mode only. It is shown to whoever has the app, and opens nothing.
        otp: Option<String>,
    }
    AppGuestContact { ; is_supported: bool, contact: Option<AppContact> }
    /// By what it lets contacts sign in. These are shown to the app, and enforced by nobody.
    AppAuthentication { ;
        email_password: bool, email_otp: bool, sms_otp: bool, facebook: Option<AppFacebook>, google: Option<AppSwitch>,
        demo_contact: Option<AppDemoContact>, guest_contact: Option<AppGuestContact>, sso: Option<AppSwitch>,
    }

    AppImage { usage_type: AppImageUse ;
        id: Option<String>, media_group_id: Option<String>, width: Option<i32>, height: Option<i32>, format: Option<String>,
        url: Option<String>, public_id: Option<String>, media_id: Option<String>, media: Vec<AppSizedImage>,
        sort_order: Option<i32>, caption: Option<String>,
    }
    AppFirebase { ; config: Option<String>, vapid_key: Option<String> }
    AppCustomization { ; extension: Option<String> }

    /// All that an app is told.
    #[schema(as = Application)]
    AppTree { name: String, r#type: AppType ;
        /// Shown, and never written.
        #[serde(deserialize_with = "shown_only")]
        id: Option<String>,
        description: Option<String>, brand_name: Option<String>, appearance: Option<AppAppearance>,
        information: Option<AppInformation>, features: Option<AppFeatures>,
        /// Where it runs, by which it finds what it is told.
        platforms: Vec<AppPlatform>,
        authentication: Option<AppAuthentication>,
        /// A public key of self-service, of this mode.
        public_key: Option<String>,
        creatives: Vec<AppImage>, firebase_config: Option<AppFirebase>, customization_config: Option<AppCustomization>,
        show_recommendations: bool, show_best_selling: bool,
    }
}
