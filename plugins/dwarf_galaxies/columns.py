"""The declared columns: what the models read, what the cuts and the labels look at, what a prediction holds."""

from almagest.contract import Column, Table

CLASSES = ("S", "NSL", "LM", "NM", "HM", "NS", "AF")
SIGNAL = "S"
# Redshift and mass define these: a sample without one of them cannot be learned from. NS and AF need a catalogue that
# names them, and are left out of models trained without.
DEFINED = ("S", "NSL", "LM", "NM", "HM")
MEANING = {
    "S": "local dwarf galaxy (signal)",
    "NSL": "nearby sub-L* galaxy",
    "LM": "local massive galaxy",
    "NM": "nearby massive galaxy",
    "HM": "high-redshift massive galaxy",
    "NS": "nearby spiral galaxy",
    "AF": "artifact feature",
}
BANDS = "ugriz"
UCDS = {"u": "em.opt.U", "g": "em.opt.B", "r": "em.opt.R", "i": "em.opt.I", "z": "em.opt.I"}
# Legacy Surveys: bands, and numbers of apertures (radii 0.5 to 7 arcsec in g, r, z and 3 to 11 arcsec in W1, W2).
LEGACY_BANDS = ("g", "r", "z", "w1", "w2")
APERTURES = {"g": 8, "r": 8, "z": 8, "w1": 5, "w2": 5}
MASKS = ("maskbits", "wisemask_w1", "wisemask_w2", "anymask_g", "anymask_r", "anymask_z")
ZERO_POINT = 22.5  # AB magnitude of one nanomaggy
EM = {"g": "em.opt.B", "r": "em.opt.R", "z": "em.opt.I", "w1": "em.IR.3-4um", "w2": "em.IR.4-8um"}

sdss_inputs = Table(
    "dwarf_galaxies_inputs",
    "Magnitudes that the feature set `sdss` is made of.",
    tuple(
        Column(b, "float32", "mag", f"phot.mag;{UCDS[b]}", f"{b} magnitude (AB)", level=1, indexed=True) for b in BANDS
    ),
)
sdss_cut_inputs = Table(
    "dwarf_galaxies_cut_inputs",
    "What the cuts look at, where a survey has it.",
    (
        Column("spec_class", "string", "", "src.spType", "Spectroscopic class: GALAXY, STAR or QSO", indexed=True),
        Column("r50", "float32", "arcsec", "phys.angSize", "Half-light radius"),
    ),
)
legacy_inputs = Table(
    "dwarf_galaxies_legacy_inputs",
    "Fluxes that the feature set `legacy` (Table 2) is made of.",
    tuple(
        column
        for b in LEGACY_BANDS
        for column in (
            Column(f"flux_{b}", "float32", "nmgy", f"phot.flux;{EM[b]}", f"Model flux, {b} band"),
            Column(f"mw_transmission_{b}", "float32", "", f"phys.transmission;{EM[b]}",
                   f"Share of light that Galactic dust lets pass, {b} band"),
            Column(f"apflux_{b}", "float32", "nmgy", f"phot.flux;{EM[b]}", f"Fluxes in apertures, {b} band",
                   (APERTURES[b],)),
        )
    ),
)  # fmt: skip
legacy_cut_inputs = Table(
    "dwarf_galaxies_legacy_cut_inputs",
    "What the selection of Table 6 looks at.",
    (
        Column("shape_r", "float32", "arcsec", "phys.angSize", "Half-light radius of the model; 0 for a point"),
        Column("brick_primary", "bool", "", "meta.code", "Whether the source is inside its brick"),
        *(Column(name, "int16", "", "meta.code.qual", f"Bits of {name}; 0: clean") for name in MASKS),
        *(Column(f"flux_ivar_{b}", "float32", "nmgy**-2", f"stat.weight;phot.flux;{EM[b]}",
                 f"Inverse variance of the flux, {b} band") for b in "gr"),
    ),
)  # fmt: skip
# Table 8 of the paper, beside ra and dec; `prob` is the prediction's p_s.
legacy_catalog = Table(
    "dwarf_galaxies_catalog",
    "Candidates as the paper's Table 8 lists them.",
    (
        *(
            Column(f"mag_{b}", "float32", "mag", f"phot.mag;{EM[b]}",
                   f"{b} magnitude (AB), without the dust of the Milky Way", level=1, indexed=True)
            for b in LEGACY_BANDS
        ),
        Column("prob", "float32", "", "stat.probability", "Probability predicted to be the signal", level=1, indexed=True),
        Column("r50", "float32", "arcsec", "phys.angSize", "Half-light radius", level=1, indexed=True),
    ),
)  # fmt: skip
LEGACY_CATALOG_NAMES = {"prob": "p_s"}
label_inputs = Table(
    "dwarf_galaxies_label_inputs",
    "What the classes of Table 1 are derived from.",
    (
        Column("redshift", "float32", "", "src.redshift", "Spectroscopic redshift"),
        Column("spec_class", "string", "", "src.spType", "Spectroscopic class: GALAXY, STAR or QSO", indexed=True),
        Column("log_mass", "float32", "", "phys.mass", "Decimal logarithm of the stellar mass in solar masses"),
        Column("distance_mpc", "float32", "Mpc", "pos.distance", "Distance that does not come from the redshift"),
        Column("named_class", "string", "", "meta.code.class", "NS or AF, where a catalogue says that the object is a "
               "spiral galaxy or an artifact"),
        Column("log_sfr", "float32", "", "phys.SFR", "Decimal logarithm of the star-formation rate in solar masses a year; "
               "no class depends on it, the relations of verified galaxies do"),
    ),
)  # fmt: skip
outputs = Table(
    "dwarf_galaxies_outputs",
    "Probability of each class; null for a class that the model has not learned.",
    (
        *(
            Column(f"p_{c.lower()}", "float32", "", "stat.probability", f"Probability of {c}: {MEANING[c]}", level=1,
                   indexed=c == SIGNAL)
            for c in CLASSES
        ),
        Column("predicted_class", "string", "", "meta.code.class", "Most probable class", level=1, indexed=True),
    ),
)  # fmt: skip
