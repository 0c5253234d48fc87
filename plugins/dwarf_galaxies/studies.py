"""The comparisons of the paper (Tables 3 and 10), and the clusters that its map marks (Figure 8)."""

from almagest.contract import Contender, Landmark, Study
from dwarf_galaxies.methods import BALANCE, FEATURES

# Parameter sets that the search tries for each algorithm: as many as keep the whole comparison under ten minutes on two
# cores with the 1,600 training rows of the real sample.
DRAWS = {"knn": 24, "forest": 12, "xgboost": 24, "network": 10, "tabnet": 6}

algorithms = Study(
    name="algorithms",
    title="Comparison of algorithms",
    description="The five algorithms of the paper's Table 3, each with a random search over its parameters: folds of whole "
    "galaxies inside the training rows choose, the rows held back judge.",
    contenders=tuple(Contender(name, name, {"draws": draws}) for name, draws in DRAWS.items()),
)
imbalance = Study(
    name="imbalance",
    title="Treatments of imbalance",
    description="The network trained as it is, with class weights, and on resampled rows (Table 10).",
    contenders=tuple(Contender(name, "network", {"balance": name, "draws": 1}) for name in BALANCE.choices),
    is_ablation=True,
)
# On the 91 features a fit takes ten times as long: fewer sets, and folds of at most `search_rows` training rows.
LEGACY_DRAWS = {"knn": 6, "forest": 4, "xgboost": 6, "network": 6, "tabnet": 3}
legacy_algorithms = Study(
    name="legacy_algorithms",
    title="Comparison of algorithms, Legacy Surveys",
    description="The paper's Table 3 on its 91 features. The search sees at most `search_rows` of the training rows.",
    contenders=tuple(Contender(name, f"legacy_{name}", {"draws": draws}) for name, draws in LEGACY_DRAWS.items()),
)
legacy_imbalance = Study(
    name="legacy_imbalance",
    title="Treatments of imbalance, Legacy Surveys",
    description="The paper's Table 10 on its 91 features.",
    contenders=tuple(Contender(name, "legacy_network", {"balance": name}) for name in BALANCE.choices),
    is_ablation=True,
)
legacy_features = Study(
    name="legacy_features",
    title="What surface brightness is worth",
    description="The network on all 91 features, on the 15 magnitudes and colours alone, and on the 76 ratios alone: the "
    "paper finds (Table 4) that the ratios carry most of what tells a near dwarf from a distant massive galaxy.",
    contenders=tuple(Contender(name, "legacy_network", {"features": name, "draws": 1}) for name in FEATURES.choices),
    is_ablation=True,
)
STUDIES = (algorithms, imbalance, legacy_algorithms, legacy_imbalance, legacy_features)
# Positions of M 87, of NGC 4874 and NGC 4889's midst, and of NGC 1399. Twice the virial radius, as in the paper's Figure 8.
LANDMARKS = (
    Landmark("Virgo", 187.7059, 12.3911, 2 * 5.50, "twice the virial radius of 1.08 Mpc (Urban et al. 2011)"),
    Landmark("Coma", 194.95, 27.98, 2 * 1.66, "twice the virial radius of 1.99 Mpc (Kubo et al. 2007)"),
    Landmark("Fornax", 54.6209, -35.4507, 2 * 1.71, "twice the virial radius of 0.49 Mpc (Maddox et al. 2019)"),
)
