package io.blobstore.s3;

import io.blobstore.http.Causes;
import io.blobstore.http.ResponseText;
import java.util.Arrays;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.services.s3.model.S3Exception;

/** Recognizes by the SDK's messages why there are no credentials: its chain of providers has no types for reasons. */
final class CredentialProblems {
    /** As in "To use web identity tokens, the 'sts' service module must be on the class path." */
    private static final Pattern MISSING_MODULE = Pattern.compile("the '(\\w{1,20})' service module must be on");

    private static final String MISSING_CLIENT = "Unable to load an HTTP implementation";
    private static final Pattern NO_CREDENTIALS = Pattern.compile("(Unable|Failed) to load credentials");
    /** The beginning of a provider's reason in the chain's message: "[AProvider(): a reason, BProvider(): …]". */
    private static final Pattern NEXT_PROVIDER = Pattern.compile("(?:, |\\[)(?=[A-Za-z]+CredentialsProvider\\()");
    /** The reasons of providers that are not configured. */
    private static final Pattern NOT_CONFIGURED = Pattern.compile("must be specified either via environment variable"
            + "|must be set|contained no credentials for profile 'default'|environment variables are set"
            + "|credentials from IMDS|IMDS credentials have been disabled|Instance metadata|instance metadata");

    private static final Pattern PROFILE = Pattern.compile("profileName=([^,()]{1,100})");
    /** The SDK appends the names of all settings in the file. */
    private static final String PROFILE_FILE = ": ProfileFile(";

    private CredentialProblems() {}

    /** Returns what is wrong, and what to do; empty if a failure is not due to a lack of credentials. */
    static Optional<String> describe(Throwable problem) {
        Optional<AwsServiceException> refusal = refusal(problem);
        if (refusal.isPresent()) {
            return Optional.of("there are no AWS credentials: "
                    + ResponseText.line(String.valueOf(refusal.get().getMessage())));
        }
        for (Throwable cause = problem; cause != null; cause = cause.getCause()) {
            Optional<String> description = describe(String.valueOf(cause.getMessage()));
            if (description.isPresent()) {
                return description;
            }
        }
        return Optional.empty();
    }

    /** Returns whether the server of credentials may provide some later. */
    static boolean mayPass(Throwable problem) {
        return refusal(problem)
                .filter(refused -> refused.statusCode() >= 500 || refused.isThrottlingException())
                .isPresent();
    }

    /** Returns the response of a server of credentials, as of STS, which is not that of S3. */
    private static Optional<AwsServiceException> refusal(Throwable problem) {
        return Causes.find(problem, AwsServiceException.class).filter(refused -> !(refused instanceof S3Exception));
    }

    private static Optional<String> describe(String message) {
        Matcher module = MISSING_MODULE.matcher(message);
        if (module.find()) {
            return Optional.of("the AWS credentials need a module of the SDK: add software.amazon.awssdk:"
                    + module.group(1) + " and url-connection-client to the class path");
        }
        if (message.contains(MISSING_CLIENT)) {
            return Optional.of("the AWS credentials need an HTTP client of the SDK: add"
                    + " software.amazon.awssdk:url-connection-client to the class path");
        }
        if (!NO_CREDENTIALS.matcher(message).find()) {
            return Optional.empty();
        }
        int names = Math.max(0, message.indexOf(" : [")); // the chain's providers precede their reasons
        String reasons = Arrays.stream(NEXT_PROVIDER.split(message.substring(names), -1))
                .skip(1)
                .filter(reason -> !NOT_CONFIGURED.matcher(reason).find())
                .map(CredentialProblems::withoutSettings)
                .collect(Collectors.joining("; "));
        return Optional.of(
                reasons.isEmpty()
                        ? "there are no AWS credentials; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or"
                                + " AWS_PROFILE"
                        : "there are no AWS credentials: " + ResponseText.line(reasons));
    }

    /**
     * Returns the reason of a provider with its name or that of its profile, and without its settings, which would fill
     * the message: "AProvider(settings): a reason" becomes "AProvider: a reason".
     */
    private static String withoutSettings(String reason) {
        int opened = reason.indexOf('(');
        int end = endOfParentheses(reason, opened);
        Matcher profile = PROFILE.matcher(reason.substring(opened, end));
        String name = profile.find() ? "profile '" + profile.group(1) + "'" : reason.substring(0, opened);
        String text = reason.substring(end).replaceFirst("[\\])]*$", "");
        int file = text.indexOf(PROFILE_FILE);
        return name + (file < 0 ? text : text.substring(0, file));
    }

    /** Returns the index behind the closing parenthesis. */
    private static int endOfParentheses(String text, int opened) {
        int depth = 0;
        for (int i = opened; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '(') {
                depth++;
            } else if (c == ')' && --depth == 0) {
                return i + 1;
            }
        }
        return text.length();
    }
}
