package io.blobstore.spring.boot;

import io.blobstore.spi.BlobStoreProvider;
import java.util.Locale;
import java.util.Map;
import java.util.ServiceLoader;
import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;

/** Explains why an application does not start because of a store: which property it is, and what to do. */
final class StoreFailureAnalyzer extends AbstractFailureAnalyzer<StoreConfigurationException> {
    private static final Map<String, String> MODULES =
            Map.of("file", "blobstore-fs", "s3", "blobstore-s3", "gs", "blobstore-gcs", "cache", "blobstore-cache");

    @Override
    protected FailureAnalysis analyze(Throwable root, StoreConfigurationException problem) {
        String property = "blobstore.stores." + problem.store() + ".uri";
        String reason = String.valueOf(
                problem.getCause() == null ? null : problem.getCause().getMessage());
        return new FailureAnalysis(
                "The store '" + problem.store() + "' of the property '" + property + "' cannot be opened: " + reason,
                action(problem, property),
                problem);
    }

    private static String action(StoreConfigurationException problem, String property) {
        String module = MODULES.get(problem.scheme().toLowerCase(Locale.ROOT));
        if (module != null && isMissing(problem.scheme())) {
            return "Add the dependency io.blobstore:" + module + ", which opens " + problem.scheme() + ": URIs.";
        }
        return problem.getCause() instanceof IllegalArgumentException
                ? "Set " + property + " to the URI of a store, as in file:/directory, s3://bucket?region=eu-central-1"
                        + " or gs://bucket. Other characters are percent-encoded. Credentials are not part of it."
                : "Check " + property + ", and whether the application may use the store.";
    }

    private static boolean isMissing(String scheme) {
        return ServiceLoader.load(BlobStoreProvider.class, BlobStoreProvider.class.getClassLoader()).stream()
                .noneMatch(provider -> provider.get().scheme().equalsIgnoreCase(scheme));
    }
}
