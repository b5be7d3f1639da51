plugins {
    application
}

repositories {
    mavenLocal { content { includeGroup("falcon") } }
    mavenCentral()
}

dependencies {
    implementation(platform("falcon:falcon-bom:0.1.0-SNAPSHOT"))
    implementation("falcon:falcon-prune")
    // On another platform than Linux on x86-64:
    // runtimeOnly("org.bytedeco:javacpp::linux-arm64")
    // runtimeOnly("org.bytedeco:openblas::linux-arm64")
    // runtimeOnly("org.bytedeco:pytorch::linux-arm64")
}

java {
    toolchain { languageVersion = JavaLanguageVersion.of(25) }
}

// The program of ../maven.
sourceSets.main { java.srcDir("../maven/src/main/java") }

application {
    mainClass = "Prune"
    applicationDefaultJvmArgs = listOf(
        "--enable-native-access=ALL-UNNAMED",
        "--sun-misc-unsafe-memory-access=allow",
        "-Dorg.bytedeco.javacpp.maxBytes=0",
        "-Dorg.bytedeco.javacpp.maxPhysicalBytes=0",
    )
}
