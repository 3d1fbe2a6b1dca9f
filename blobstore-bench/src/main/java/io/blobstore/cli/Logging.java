package io.blobstore.cli;

import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * Configures logging: off by default, so that a failure is one line.
 *
 * <p>The details that {@code --verbose} adds are those of this library only. At DEBUG the SDKs log the requests that
 * they sign, including session tokens and customer keys.
 */
final class Logging {
    /** Only servers need it: other commands start without java.util.logging. */
    private static final class Grpc {
        /** Warns of each client that goes away in mid-read. Referenced, as its level would be forgotten otherwise. */
        static final Logger CONNECTIONS = Logger.getLogger("io.grpc.netty.shaded.io.grpc.netty.NettyServerHandler");
    }

    private Logging() {}

    /**
     * Configures logging. Must be called before the first logger is created: slf4j-simple reads its settings once, from
     * {@code simplelogger.properties} and from system properties.
     */
    static void configure(boolean verbose) {
        // Otherwise slf4j looks for providers in each jar of the class path.
        setProperty("slf4j.provider", "org.slf4j.simple.SimpleServiceProvider");
        setProperty("slf4j.internal.verbosity", "WARN"); // it would print which provider it was told to use
        set("defaultLogLevel", verbose ? "info" : "off");
        if (verbose) {
            set("log.io.blobstore", "debug");
        }
    }

    /** Configures logging of a server, whose warnings are always of interest. Before the first logger is created. */
    static void configureServer(boolean verbose, boolean accessLog) {
        if (!verbose) {
            set("log.io.blobstore", "warn");
        }
        set("log.io.blobstore.server.access", accessLog ? "info" : "off");
        Grpc.CONNECTIONS.setLevel(Level.SEVERE);
    }

    private static void set(String name, String value) {
        setProperty("org.slf4j.simpleLogger." + name, value);
    }

    private static void setProperty(String property, String value) {
        if (System.getProperty(property) == null) { // the user's setting takes precedence
            System.setProperty(property, value);
        }
    }
}
