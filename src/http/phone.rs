//! Phone numbers as they are compared: in the form of E.164, whatever blanks, brackets or national prefixes they were written with.

use rlibphonenumber::{PHONE_NUMBER_UTIL, PhoneNumberFormat, Region};

use super::extract::Faults;

/// The number as E.164 has it: `+` and digits. `country` (ISO 3166-1 alpha-3) says where a number without `+` is
/// dialled. `None` for what cannot be a phone number of anywhere.
pub fn e164(number: &str, country: Option<&str>) -> Option<String> {
    let region = match country {
        Some(country) => Region::from_code(alpha_2(country)?).ok(),
        None => None,
    };
    let parsed = PHONE_NUMBER_UTIL.parse(number, region).ok()?;
    PHONE_NUMBER_UTIL
        .is_possible_number(&parsed)
        .then(|| parsed.format_as(PhoneNumberFormat::E164).into_owned())
}

/// Demands a phone number, as [`e164`] reads it, of `member`.
pub fn check(faults: &mut Faults, member: &str, number: &str, country: Option<&str>) {
    faults.require(
        e164(number, country).is_some(),
        member,
        "not_a_phone_number",
        "must be a phone number with + and country, or as it is dialled within country_code (ISO 3166-1 alpha-3)",
    );
}

/// Whether these are the three letters of a country (ISO 3166-1 alpha-3), in capitals.
pub fn is_country(alpha_3: &str) -> bool {
    alpha_3.bytes().all(|byte| byte.is_ascii_uppercase()) && alpha_2(alpha_3).is_some()
}

/// The two letters of a country that is given by three.
fn alpha_2(alpha_3: &str) -> Option<&'static str> {
    COUNTRIES
        .split_ascii_whitespace()
        .filter_map(|pair| pair.split_at_checked(3))
        .find(|(three, _)| three.eq_ignore_ascii_case(alpha_3))
        .map(|(_, two)| two)
}

/// Every country of ISO 3166-1, by its three letters and its two.
const COUNTRIES: &str = "\
    ABWAW AFGAF AGOAO AIAAI ALAAX ALBAL ANDAD AREAE ARGAR ARMAM ASMAS ATAAQ ATFTF ATGAG AUSAU AUTAT \
    AZEAZ BDIBI BELBE BENBJ BESBQ BFABF BGDBD BGRBG BHRBH BHSBS BIHBA BLMBL BLRBY BLZBZ BMUBM BOLBO \
    BRABR BRBBB BRNBN BTNBT BVTBV BWABW CAFCF CANCA CCKCC CHECH CHLCL CHNCN CIVCI CMRCM CODCD COGCG \
    COKCK COLCO COMKM CPVCV CRICR CUBCU CUWCW CXRCX CYMKY CYPCY CZECZ DEUDE DJIDJ DMADM DNKDK DOMDO \
    DZADZ ECUEC EGYEG ERIER ESHEH ESPES ESTEE ETHET FINFI FJIFJ FLKFK FRAFR FROFO FSMFM GABGA GBRGB \
    GEOGE GGYGG GHAGH GIBGI GINGN GLPGP GMBGM GNBGW GNQGQ GRCGR GRDGD GRLGL GTMGT GUFGF GUMGU GUYGY \
    HKGHK HMDHM HNDHN HRVHR HTIHT HUNHU IDNID IMNIM INDIN IOTIO IRLIE IRNIR IRQIQ ISLIS ISRIL ITAIT \
    JAMJM JEYJE JORJO JPNJP KAZKZ KENKE KGZKG KHMKH KIRKI KNAKN KORKR KWTKW LAOLA LBNLB LBRLR LBYLY \
    LCALC LIELI LKALK LSOLS LTULT LUXLU LVALV MACMO MAFMF MARMA MCOMC MDAMD MDGMG MDVMV MEXMX MHLMH \
    MKDMK MLIML MLTMT MMRMM MNEME MNGMN MNPMP MOZMZ MRTMR MSRMS MTQMQ MUSMU MWIMW MYSMY MYTYT NAMNA \
    NCLNC NERNE NFKNF NGANG NICNI NIUNU NLDNL NORNO NPLNP NRUNR NZLNZ OMNOM PAKPK PANPA PCNPN PERPE \
    PHLPH PLWPW PNGPG POLPL PRIPR PRKKP PRTPT PRYPY PSEPS PYFPF QATQA REURE ROURO RUSRU RWARW SAUSA \
    SDNSD SENSN SGPSG SGSGS SHNSH SJMSJ SLBSB SLESL SLVSV SMRSM SOMSO SPMPM SRBRS SSDSS STPST SURSR \
    SVKSK SVNSI SWESE SWZSZ SXMSX SYCSC SYRSY TCATC TCDTD TGOTG THATH TJKTJ TKLTK TKMTM TLSTL TONTO \
    TTOTT TUNTN TURTR TUVTV TWNTW TZATZ UGAUG UKRUA UMIUM URYUY USAUS UZBUZ VATVA VCTVC VENVE VGBVG \
    VIRVI VNMVN VUTVU WLFWF WSMWS YEMYE ZAFZA ZMBZM ZWEZW";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_the_same_however_it_is_written() {
        for (number, country) in [
            ("+44 20 7946 0018", None),
            ("+44 (0)20 7946-0018", None),
            ("020 7946 0018", Some("GBR")),
            ("02079460018", Some("gbr")),
            ("0044 20 7946 0018", Some("DEU")),
        ] {
            let normal = e164(number, country);
            assert_eq!(normal.as_deref(), Some("+442079460018"), "{number}");
        }
    }

    #[test]
    fn what_cannot_be_dialled_is_no_number() {
        for (number, country) in [
            ("020 7946 0018", None),
            ("020 7946 0018", Some("XXX")),
            ("12", Some("GBR")),
            ("+44 20 7946 0018 0018 0018", None),
            ("call me", Some("GBR")),
            ("", None),
        ] {
            assert_eq!(e164(number, country), None, "{number}");
        }
    }

    #[test]
    fn every_country_has_three_letters_and_two() {
        let pairs: Vec<_> = COUNTRIES.split_ascii_whitespace().collect();
        assert_eq!(pairs.len(), 249);
        for pair in pairs {
            assert!(pair.len() == 5 && pair.bytes().all(|letter| letter.is_ascii_uppercase()));
        }
        assert_eq!(alpha_2("CYP"), Some("CY"));
    }
}
