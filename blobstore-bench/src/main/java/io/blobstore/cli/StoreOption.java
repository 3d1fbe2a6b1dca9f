package io.blobstore.cli;

import io.blobstore.BlobStore;
import io.blobstore.BlobStores;
import java.io.IOException;
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
            required = true,
            paramLabel = "URI",
            description = "The store's URI, for example file:/var/blobs. Must not contain credentials.")
    @SuppressWarnings("NullAway.Init") // set by picocli, as it is required
    String uri;

    /**
     * Opens the store.
     *
     * @throws ParameterException if the URI is wrong
     * @throws IOException if the store cannot be opened
     */
    BlobStore open() throws IOException {
        try {
            return BlobStores.open(uri);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(command.commandLine(), "--store: " + e.getMessage(), e);
        }
    }
}
