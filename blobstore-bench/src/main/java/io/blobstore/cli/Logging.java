package io.blobstore.cli;

/**
 * Configures logging: off by default, so that a failure is one line.
 *
 * <p>The details that {@code --verbose} adds are those of this library only. At DEBUG the SDKs log the requests that
 * they sign, including session tokens and customer keys.
 */
final class Logging {
    private Logging() {}

    /** Configures logging. Must be called before the first logger is created: slf4j-simple reads its settings once. */
    static void configure(boolean verbose) {
        set("defaultLogLevel", verbose ? "info" : "off");
        if (verbose) {
            set("log.io.blobstore", "debug");
        }
        set("showThreadName", "true");
        set("showShortLogName", "true");
    }

    /** Configures logging of a server, whose warnings are always of interest. Before the first logger is created. */
    static void configureServer(boolean verbose, boolean accessLog) {
        if (!verbose) {
            set("log.io.blobstore", "warn");
        }
        set("log.io.blobstore.server.access", accessLog ? "info" : "off");
    }

    private static void set(String name, String value) {
        String property = "org.slf4j.simpleLogger." + name;
        if (System.getProperty(property) == null) { // the user's setting takes precedence
            System.setProperty(property, value);
        }
    }
}
