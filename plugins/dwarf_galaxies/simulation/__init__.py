"""A simulated Legacy Surveys sky: the seven classes of Table 1 as the tractor would list them. Nothing in it is observed."""
