package io.blobstore.cli;

import io.blobstore.BlobStore;
import io.blobstore.BlobStores;
import java.io.IOException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The option {@code --store} of every command except the demo. */
final class StoreOption {
    @Spec(Spec.Target.MIXEE)
    @SuppressWarnings("NullAway.Init") // set by picocli
    CommandSpec command;

    @Option(
            names = "--store",
            paramLabel = "URI",
            description = "The store's URI, for example file:/var/blobs, without credentials; the path of a local"
                    + " directory; or a name in the configuration file. A missing directory is created only with"
                    + " file:/var/blobs?create=true. Default: that of BLOBSTORE_STORE, or of the configuration file.")
    @Nullable String uri;

    /**
     * Opens the store.
     *
     * @throws ParameterException if the URI is wrong
     * @throws IOException if the store cannot be opened
     */
    BlobStore open() throws IOException {
        return open(address(command, uri), command);
    }

    /**
     * Returns which store the option, or its default, names.
     *
     * @throws ParameterException if there is none, or the configuration file is wrong
     * @throws IOException if the configuration file cannot be read
     */
    static StoreAddress address(CommandSpec command, @Nullable String option) throws IOException {
        try {
            return StoreAddress.find(option, Main.of(command).environment());
        } catch (IllegalArgumentException e) {
            throw new ParameterException(command.commandLine(), String.valueOf(e.getMessage()), e);
        }
    }

    /**
     * Opens a store.
     *
     * @throws ParameterException if the URI is wrong
     * @throws IOException if the store cannot be opened
     */
    static BlobStore open(StoreAddress address, CommandSpec command) throws IOException {
        try {
            return BlobStores.open(address.uri());
        } catch (IllegalArgumentException e) {
            throw new ParameterException(command.commandLine(), address.origin() + ": " + e.getMessage(), e);
        }
    }
}
