package io.blobstore.cli;

import io.blobstore.BlobKey;
import io.blobstore.BlobStore;
import io.blobstore.PresignOptions;
import io.blobstore.PresignedUrl;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code blobstore presign}. */
@Command(
        name = "presign",
        description = {
            "Prints a URL with which anybody can read a blob, or store it, until it expires. Keep it secret.",
            "Lines after the URL, if any, are header fields that the request must carry."
        })
@SuppressWarnings("NullAway.Init") // picocli sets what is required
final class PresignCommand implements Callable<Integer> {
    @Spec
    CommandSpec command;

    @Parameters(paramLabel = "KEY", converter = KeyConverter.class, description = "The blob's name.")
    BlobKey key;

    @Mixin
    final StoreOption store = new StoreOption();

    @Option(
            names = "--method",
            paramLabel = "METHOD",
            defaultValue = "GET",
            description = "What the URL permits: GET reads the blob, PUT stores it. Default: ${DEFAULT-VALUE}.")
    PresignOptions.Method method;

    @Option(
            names = "--valid-for",
            paramLabel = "DURATION",
            converter = DurationConverter.class,
            defaultValue = "15m",
            description = "How long it is valid: 90s, 30m, 12h, 7d. Default: ${DEFAULT-VALUE}.")
    Duration validity;

    @Option(
            names = "--content-type",
            paramLabel = "TYPE",
            description = "The media type in the response to GET, instead of the stored one.")
    @Nullable String contentType;

    @Option(
            names = "--content-disposition",
            paramLabel = "TEXT",
            description = "The Content-Disposition in the response to GET, as in 'attachment; filename=\"a.csv\"'.")
    @Nullable String contentDisposition;

    @Mixin
    final OutputOption output = new OutputOption();

    @Override
    public Integer call() throws IOException {
        PresignOptions options = options();
        try (BlobStore source = store.open()) {
            PresignedUrl url = source.presign(key, options);
            Report report = new Report()
                    .value("key", key.toString())
                    .value("url", url.url().toString())
                    .value("method", url.method().toString())
                    .value("expires", url.expires().toString())
                    .value("headers", url.headers())
                    .line("", url.url().toString());
            for (Map.Entry<String, List<String>> header : url.headers().entrySet()) {
                header.getValue().forEach(value -> report.line("", header.getKey() + ": " + value));
            }
            output.print(report);
        }
        return ExitCode.OK;
    }

    private PresignOptions options() {
        PresignOptions.Builder options = PresignOptions.builder().method(method).validity(validity);
        if (contentType != null) {
            options.responseContentType(contentType);
        }
        if (contentDisposition != null) {
            options.responseContentDisposition(contentDisposition);
        }
        try {
            return options.build();
        } catch (IllegalArgumentException e) {
            throw new ParameterException(command.commandLine(), String.valueOf(e.getMessage()), e);
        }
    }
}
