package io.blobstore.cli;

import io.blobstore.StoreOptions;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The options with the content headers and the user metadata of a new blob. */
@SuppressWarnings("NullAway.Init") // picocli sets what is required
final class ContentHeaderOptions {
    @Spec(Spec.Target.MIXEE)
    CommandSpec command;

    @Option(names = "--content-type", paramLabel = "TYPE", description = "The media type, as in text/csv.")
    @Nullable String contentType;

    @Option(
            names = "--content-encoding",
            paramLabel = "CODING",
            description = "How the file is encoded, as in gzip. It is stored, and read again, as it is.")
    @Nullable String contentEncoding;

    @Option(
            names = "--content-language",
            paramLabel = "LANGUAGE",
            description = "The language of its audience, as in de.")
    @Nullable String contentLanguage;

    @Option(
            names = "--content-disposition",
            paramLabel = "TEXT",
            description = "How a browser presents it, as in 'attachment; filename=\"a.csv\"'.")
    @Nullable String contentDisposition;

    @Option(
            names = "--cache-control",
            paramLabel = "TEXT",
            description = "How caches may keep it, as in 'public, max-age=3600'.")
    @Nullable String cacheControl;

    @Option(
            names = "--metadata",
            paramLabel = "NAME=VALUE",
            description = "User metadata; may be repeated. Names have a-z, 0-9, '-', '_' and '.'.")
    Map<String, String> metadata = Map.of();

    /**
     * Builds options with the headers and the metadata.
     *
     * @throws ParameterException if a value cannot be one of a header
     */
    StoreOptions build(StoreOptions.Builder options) {
        if (contentType != null) {
            options.contentType(contentType);
        }
        if (contentEncoding != null) {
            options.contentEncoding(contentEncoding);
        }
        if (contentLanguage != null) {
            options.contentLanguage(contentLanguage);
        }
        if (contentDisposition != null) {
            options.contentDisposition(contentDisposition);
        }
        if (cacheControl != null) {
            options.cacheControl(cacheControl);
        }
        options.userMetadata(metadata);
        try {
            return options.build();
        } catch (IllegalArgumentException e) {
            throw new ParameterException(command.commandLine(), String.valueOf(e.getMessage()), e);
        }
    }
}
