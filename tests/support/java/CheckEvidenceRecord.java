import java.io.FileInputStream;
import java.nio.file.Files;
import java.nio.file.Paths;
import java.security.Security;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.Date;

import org.bouncycastle.cms.jcajce.JcaSimpleSignerInfoVerifierBuilder;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.bouncycastle.operator.jcajce.JcaDigestCalculatorProviderBuilder;
import org.bouncycastle.tsp.ers.ERSByteData;
import org.bouncycastle.tsp.ers.ERSEvidenceRecord;

/** Says what BouncyCastle thinks of an evidence record: RECORD DATA UNIX-SECONDS CERTIFICATE-OF-THE-NEWEST-STAMP. */
public final class CheckEvidenceRecord {
    public static void main(String[] given) throws Exception {
        Security.addProvider(new BouncyCastleProvider());
        byte[] bytes = Files.readAllBytes(Paths.get(given[0]));
        byte[] data = Files.readAllBytes(Paths.get(given[1]));
        Date at = new Date(Long.parseLong(given[2]) * 1000L);
        X509Certificate newest;
        try (FileInputStream in = new FileInputStream(given[3])) {
            newest = (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(in);
        }
        try {
            ERSEvidenceRecord record =
                new ERSEvidenceRecord(bytes, new JcaDigestCalculatorProviderBuilder().build());
            record.validatePresent(new ERSByteData(data), at);
            record.validate(new JcaSimpleSignerInfoVerifierBuilder().build(newest));
            System.out.println("VALID");
        } catch (Exception error) {
            System.out.println("INVALID " + error);
        }
    }
}
