rootProject.name = "prune"
